import { dataKey, volumeName } from "../domain/naming.ts";
import type { ObservedVolume, ResolvedImage, StackSpec, StackState } from "../domain/stack.ts";
import type { Draft } from "./draft.ts";
import { isKept, volumesOf } from "./identity.ts";

export type VolumeInput = {
  stack: StackSpec;
  state: StackState;
  images: Readonly<Record<string, ResolvedImage>>;
  /** Names of the volumes whose content is whole, as the store knows. */
  whole: ReadonlySet<string>;
  /** For new volumes' names: creating an existing name would bring back old data. */
  nonce: string;
};

/**
 * The user's volume names → the engine's. Whole data of the same key stays; anything else is begun anew beside it.
 */
export function planVolumes(input: VolumeInput, draft: Draft): Record<string, string> {
  const names: Record<string, string> = {};
  for (const { name } of input.stack.volumes) {
    const known = input.state.volumes.filter((each) => each.volume === name);
    const key = keyOf(name, input);
    // What serves keeps the volume it has; only what is to come asks which data fits.
    const pinned = known.find((each) => each.name === input.stack.resolved?.volumes[name]);
    const fitting =
      pinned ?? known.find((each) => input.whole.has(each.name) && (key === null || each.dataKey === key));
    const chosen = fitting?.name ?? volumeName(input.stack.project, name, input.nonce);
    names[name] = chosen;
    draft.volumes.add(chosen);
    if (fitting) {
      draft.kept.push({ resource: `volume ${name}`, cause: "its data stays" });
    } else if (key !== null) {
      draft.steps.push({
        kind: "create-volume",
        id: `create-volume:${name}`,
        cause: causeOf(known, key),
        after: [],
        name: chosen,
        volume: name,
        dataKey: key,
        generation: input.stack.generation,
      });
    }
  }
  return names;
}

/**
 * A built image changes with each push while its data stays; a pulled one in another version may not read the old
 * files. Null when the image that decides is not on this engine.
 */
function keyOf(volume: string, { stack, images }: VolumeInput): string | null {
  const owner = stack.services.find(
    (service) =>
      service.image.kind === "pull" && volumesOf(service).includes(volume) && isKept(service, images[service.name]),
  );
  const image = owner ? images[owner.name]?.id : "";
  return image === undefined ? null : dataKey(volume, image, stack.dataEpoch);
}

function causeOf(known: ObservedVolume[], key: string): string {
  if (known.length === 0) return "no data yet";
  return known.some((each) => each.dataKey === key) ? "its data was never whole" : "another image, or a reset";
}
