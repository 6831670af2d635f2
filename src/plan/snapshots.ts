import { specHash } from "../domain/spec-hash.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { SnapshotWish } from "../domain/snapshot.ts";
import type { ResolvedImage, StackSpec } from "../domain/stack.ts";
import { isKept } from "./identity.ts";
import { missingVolumes, type VolumeInput } from "./volumes.ts";

/** The snapshots that are needed for the data which a bring-up of this stack would make. */
export function wishSnapshots(
  input: Omit<VolumeInput, "snapshots" | "nonce">,
  owner: { repositoryId: number },
): SnapshotWish[] {
  const missing = missingVolumes(input);
  return input.stack.seeds.flatMap((seed) => {
    const service = input.stack.services.find((each) => each.name === seed.service);
    const image = input.images[seed.service];
    if (!missing.includes(seed.volume) || !service || !image) return [];
    if (seed.content === undefined || !isAlone(service, image)) return [];
    const { readyTimeoutMs, trust } = input.stack;
    const whole = { ...seed, content: seed.content };
    const key = snapshotKey({ service, seed: whole, imageId: image.id, trust, repositoryId: owner.repositoryId });
    return [{ key, service, seed: whole, imageId: image.id, readyTimeoutMs }];
  });
}

/**
 * Whether a service's data can come to be without anything else of the stack: one volume holds all of it, nobody is
 * waited for, and no secret goes into what is shared. Anything else is seeded where it is used.
 */
function isAlone(service: ServiceSpec, image: ResolvedImage): boolean {
  if (service.secrets.length > 0 || service.dependsOn.length > 0 || !isKept(service, image)) return false;
  const volumes = service.mounts.filter((mount) => mount.kind !== "tmpfs");
  const others = image.volumes.filter((path) => !service.mounts.some((mount) => mount.target === path));
  return volumes.length === 1 && others.length === 0;
}

/** Equal keys have equal data: the image, what is loaded, what configures the database, and whose it is. */
function snapshotKey(
  wish: Pick<SnapshotWish, "service" | "seed" | "imageId"> & Pick<StackSpec, "trust"> & { repositoryId: number },
): string {
  const { service, seed, imageId, trust, repositoryId } = wish;
  const { environment, command, entrypoint, user, workingDir, mounts } = service;
  const configured = { environment, command, entrypoint, user, workingDir, mounts };
  return specHash({ repositoryId, trust, imageId, content: seed.content, configured }).slice(0, 32);
}
