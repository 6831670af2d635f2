import type { Strategy } from "../../domain/data.ts";
import { labels } from "../../domain/labels.ts";
import { allow, statusOf, textOf } from "../../engine/docker.ts";
import { writeOwnership } from "../../engine/directory.ts";
import { ownedBy } from "../../engine/ownership.ts";
import { anchorImage, anchorImageName } from "../../engine/anchor-image.ts";
import type { DataHost } from "../data-host.ts";
import { ensureVolume, overlayOptions } from "../data-volume.ts";
import { createHolder } from "../../engine/holder.ts";

export type DataStrategy = {
  strategy: Strategy;
  /** In a sentence, what a branch costs on this host. */
  text: string;
  /** What would make it cheaper; null when nothing would. */
  hint: string | null;
};

type Host = Pick<DataHost, "docker" | "server" | "randomId">;

/** Finds out what data branches cost on this engine, by trying one. Leaves nothing behind. Throws EngineError. */
export async function dataStrategy(host: Host): Promise<DataStrategy> {
  const refusal = await tryOverlay(host);
  if (refusal !== null) {
    return {
      strategy: "copy",
      text: `data branches copy the whole snapshot here: the engine mounts no overlay (${refusal})`,
      hint: "Keep the engine's data root on ext4 or XFS of this host, in an engine that runs as root.",
    };
  }
  const info = (await host.docker.info()) as { DriverStatus?: [string, string][] };
  const filesystem =
    info.DriverStatus?.find(([name]) => name === "Backing Filesystem")?.[1] ?? "an unknown file system";
  if (["xfs", "btrfs"].includes(filesystem)) {
    return { strategy: "overlay", text: `data branches share what they do not change, on ${filesystem}`, hint: null };
  }
  const name = filesystem === "extfs" ? "ext4" : filesystem;
  return {
    strategy: "overlay",
    text: `data branches share what they do not change, on ${name}; the first write to a file copies all of it, up to 1 GiB`,
    hint: "An XFS data root shares blocks as well, and the first write is cheap (docs/data.md).",
  };
}

/** The strategy for the next branch: an overlay that is there shows that they can be made; else one is tried. Throws EngineError. */
export async function chooseStrategy(host: Host): Promise<Strategy> {
  const label = [...ownedBy(host.server).label, labels.snapshot];
  const { Volumes: branches } = await host.docker.listVolumes({ filters: { label } });
  return branches.length > 0 ? "overlay" : (await dataStrategy(host)).strategy;
}

/** Null when an overlay of volumes can be mounted, else why not. */
async function tryOverlay(host: Host): Promise<string | null> {
  const { docker, server } = host;
  const owned = { [labels.server]: server, [labels.kind]: "helper" };
  const hadImage = await allow(docker.getImage(anchorImageName(server)).inspect(), 404);
  const name = `mayfly-trial-${server.slice(0, 4)}-${host.randomId(8)}`;
  const [lower, upper, work] = [`${name}.lower`, `${name}.upper`, `${name}.work`];
  try {
    const at = {
      lower: await ensureVolume(docker, { name: lower, labels: owned }),
      upper: await ensureVolume(docker, { name: upper, labels: owned }),
      work: await ensureVolume(docker, { name: work, labels: owned }),
    };
    await ensureVolume(docker, { name, labels: owned, options: overlayOptions(at) });
    const image = await anchorImage(host);
    await createHolder(docker, { name, image, labels: owned, volumes: { [name]: "/mayfly/branch" } });
    // Writing into a container mounts its volumes, without starting it.
    return await writeOwnership(docker, { container: name, path: "/mayfly/branch" }, { uid: 0, gid: 0, mode: 0o700 })
      .then(() => null)
      .catch((error: unknown) => refusalOf(error));
  } finally {
    await allow(docker.getContainer(name).remove({ force: true, v: true }), 404);
    for (const volume of [name, lower, upper, work]) await allow(docker.getVolume(volume).remove(), 404);
    // An anchor made meanwhile keeps it.
    if (hadImage === null) await allow(docker.getImage(anchorImageName(server)).remove(), 404, 409);
  }
}

/** Only the engine's own refusal to mount tells something about the host. */
function refusalOf(error: unknown): string {
  if (statusOf(error) === undefined) throw error;
  return textOf(error);
}
