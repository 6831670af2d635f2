import { filesVolumeName } from "../domain/naming.ts";
import type { ServiceSpec } from "../domain/service.ts";
import { type Draft, hasStep } from "./draft.ts";
import type { VolumeInput } from "./volumes.ts";

/**
 * The files volume that a new container of this service mounts, by its name on the engine; undefined where it mounts
 * none. Each generation fills its own, once, when something of it is to be made; a kept service goes on with the one it
 * was made with.
 */
export function planFiles(service: ServiceSpec, input: VolumeInput, draft: Draft): string | undefined {
  if (!service.mounts.some(({ kind }) => kind === "files")) return undefined;
  const { stack, state, whole, nonce } = input;
  const filled = state.volumes.find(({ name, files }) => files === stack.generation && whole.has(name));
  const name = filled?.name ?? filesVolumeName(stack.project, stack.generation, nonce);
  draft.volumes.add(name);
  if (!filled && !hasStep(draft, "fill")) {
    const { files, generation } = stack;
    draft.steps.push({
      kind: "fill",
      id: "fill",
      cause: "what services mount of the repository",
      after: [],
      name,
      files,
      generation,
    });
  }
  return name;
}
