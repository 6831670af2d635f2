import type { ServiceSpec } from "../domain/service.ts";
import { canonicalJson } from "../domain/spec-hash.ts";
import type { StackSpec } from "../domain/stack.ts";

/** What a deployment does to a service, against the one that was ready before it. */
export type ServiceChange = {
  service: string;
  change:
    | "built"
    | "rebuilt"
    | "unchanged"
    | "pulled"
    | "new image"
    | "new files"
    | "kept, with its data"
    | "new, keeps its data"
    | "started over with fresh data"
    | "started on other data";
};

/** Each service in the stack's order. `before` is the stack of the deployment that was ready last, null without one. */
export function changesOf(stack: StackSpec, before: StackSpec | null): ServiceChange[] {
  return stack.services.map((service) => {
    const earlier = before?.services.find(({ name }) => name === service.name);
    return {
      service: service.name,
      change: changeOf({ stack, service }, before && earlier ? { stack: before, service: earlier } : null),
    };
  });
}

type Placed = { stack: StackSpec; service: ServiceSpec };

function changeOf(now: Placed, before: Placed | null): ServiceChange["change"] {
  const isBuilt = now.service.image.kind === "build";
  if (now.service.kept) {
    if (before === null) return "new, keeps its data";
    if (before.stack.dataEpoch !== now.stack.dataEpoch) return "started over with fresh data";
    return isOnSameData(now, before) ? "kept, with its data" : "started on other data";
  }
  if (before === null) return isBuilt ? "built" : "pulled";
  if (imageOf(before) === imageOf(now)) return filesOf(before) === filesOf(now) ? "unchanged" : "new files";
  return isBuilt ? "rebuilt" : "new image";
}

/** Whether its volumes are the engine's same ones, as far as that is known. */
function isOnSameData({ stack, service }: Placed, before: Placed): boolean {
  return service.mounts.every((mount) => {
    const volumeOf = ({ resolved }: StackSpec) => mount.kind === "volume" && resolved?.volumes[mount.volume];
    const [then, now] = [volumeOf(before.stack), volumeOf(stack)];
    return !then || !now || then === now;
  });
}

/** What it mounts of the repository, and is given as configs and secrets of it, each with a hash of its content. */
function filesOf({ service }: Placed): string {
  const files = service.mounts.filter(({ kind }) => kind === "files");
  return canonicalJson(files.toSorted((a, b) => (a.target < b.target ? -1 : 1)));
}

/** The tag is a hash of all that went into a built image. */
function imageOf({ stack, service: { image } }: Placed): string {
  if (image.kind === "pull") return image.reference;
  return stack.builds.find(({ name }) => name === image.build)?.tag ?? "";
}
