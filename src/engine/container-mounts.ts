import type Docker from "dockerode";
import { previewLabels } from "../domain/labels.ts";
import type { Mount } from "../domain/service.ts";
import type { ContainerPlan } from "../plan/step.ts";

/** Where Compose puts secrets (Compose specification, secrets). */
export const secretsPath = "/run/secrets";

type MountOptions = Partial<Docker.MountSettings> & { Type: "volume"; Target: string };
type VolumeOptions = NonNullable<Docker.MountSettings["VolumeOptions"]> & { Subpath?: string };

/** What a container mounts, as the engine takes it: volumes and memory, no path of the host. */
export function mountOptions(
  plan: ContainerPlan,
  owner: { server: string; preview: string },
): Pick<Docker.HostConfig, "Mounts" | "Tmpfs"> {
  const { mounts } = plan.service;
  return {
    Tmpfs: Object.fromEntries(mounts.flatMap(tmpfsOptions)),
    // The library's types ask for more than the engine does.
    Mounts: [
      ...mounts.flatMap((mount) => volumeOptions(mount, plan, previewLabels(owner, "data", plan.generation))),
      ...secretsFolder(plan, owner),
    ] as Docker.MountSettings[],
  };
}

function tmpfsOptions(mount: Mount): [string, string][] {
  if (mount.kind !== "tmpfs") return [];
  const size = mount.sizeBytes === null ? [] : [`size=${mount.sizeBytes}`];
  return [[mount.target, [...size, ...(mount.options ?? [])].join(",")]];
}

/** Labels go along, since the engine makes a volume that is missing, silently. */
function volumeOptions(mount: Mount, plan: ContainerPlan, Labels: Record<string, string>): MountOptions[] {
  if (mount.kind === "tmpfs") return [];
  if (mount.kind === "files") return [filesOptions(mount, plan)];
  const options = { NoCopy: mount.noCopy ?? false, Labels } as VolumeOptions;
  if (mount.kind === "anonymous") {
    return [{ Type: "volume", Target: mount.target, VolumeOptions: options }];
  }
  const Source = plan.volumes[mount.volume];
  if (Source === undefined) throw new TypeError(`volume ${mount.volume} has no name on the engine`);
  const VolumeOptions = mount.subpath === undefined ? options : { ...options, Subpath: mount.subpath };
  return [{ Type: "volume", Source, Target: mount.target, ReadOnly: mount.readOnly, VolumeOptions }];
}

/** A part of the files volume, a file or a folder: as a bind does, it hides what the image has there. */
function filesOptions(mount: Mount & { kind: "files" }, { files, service }: ContainerPlan): MountOptions {
  if (files === undefined) throw new TypeError(`${service.name} mounts files, of which there is no volume`);
  const VolumeOptions = { NoCopy: true, Subpath: mount.path } as VolumeOptions;
  return { Type: "volume", Source: files, Target: mount.target, ReadOnly: mount.readOnly, VolumeOptions };
}

/**
 * A volume of the container's own, which goes when it goes: an archive is taken into it although the container may be
 * `read_only`, and a tmpfs above it does not hide it.
 */
function secretsFolder(
  { service, generation }: ContainerPlan,
  owner: { server: string; preview: string },
): MountOptions[] {
  if (service.secretFiles.length === 0) return [];
  const VolumeOptions = { NoCopy: true, Labels: previewLabels(owner, "files", generation) } as VolumeOptions;
  return [{ Type: "volume", Target: secretsPath, VolumeOptions }];
}
