import type Docker from "dockerode";

/** A container that runs nothing of the stack: it holds volumes in use, or does one thing with them. */
export type Holder = {
  name: string;
  /** By id or name. */
  image: string;
  labels: Record<string, string>;
  /** Volume on the engine → where it is mounted; those under `readOnly` are not written. */
  volumes: Record<string, string>;
  readOnly?: string[];
  /** What it runs when it is started, as root and without any network. */
  command?: string[];
};

/** What runs in one comes from a branch's image, and copies files. */
const limits = { Memory: 512 * 1024 ** 2, MemorySwap: 512 * 1024 ** 2, NanoCpus: 1e9, PidsLimit: 64 };

/** Makes such a container. Volumes are mounted as they are: what an image holds at their place is not copied in. */
export async function createHolder(docker: Docker, holder: Holder): Promise<Docker.Container> {
  const Mounts = Object.entries(holder.volumes).map(([Source, Target]) => ({
    Type: "volume" as const,
    Source,
    Target,
    ReadOnly: holder.readOnly?.includes(Source) ?? false,
    VolumeOptions: { NoCopy: true },
  }));
  return await docker.createContainer({
    name: holder.name,
    Image: holder.image,
    Labels: holder.labels,
    User: "0:0",
    Entrypoint: holder.command ?? ["none"],
    Cmd: [],
    HostConfig: {
      NetworkMode: "none",
      ...limits,
      CapDrop: ["ALL"],
      CapAdd: ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
      SecurityOpt: ["no-new-privileges"],
      LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } },
      // The library's types ask for more than the engine does.
      Mounts: Mounts as Docker.MountSettings[],
    },
  });
}
