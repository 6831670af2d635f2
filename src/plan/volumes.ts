import { branchParts, dataKey, volumeName } from "../domain/naming.ts";
import type { ResolvedImage, Snapshot, StackSpec, VolumeSpec } from "../domain/stack.ts";
import type { ObservedVolume, StackState } from "../domain/stack-state.ts";
import type { Draft } from "./draft.ts";
import { isKept, volumesOf } from "./identity.ts";

export type VolumeInput = {
  stack: StackSpec;
  state: StackState;
  images: Readonly<Record<string, ResolvedImage>>;
  /** Names of the volumes whose content is whole, as the store knows. */
  whole: ReadonlySet<string>;
  /** Golden data that is ready, by the user's name of the volume that branches from it. */
  snapshots?: Readonly<Record<string, Snapshot>>;
  /** For new volumes' names: creating an existing name would bring back old data. */
  nonce: string;
};

type Known = Omit<VolumeInput, "snapshots" | "nonce">;

/**
 * The user's volume names → the engine's. Whole data of the same key stays; anything else is begun anew beside it.
 */
export function planVolumes(input: VolumeInput, draft: Draft): Record<string, string> {
  return Object.fromEntries(
    input.stack.volumes.map((volume) => {
      const fitting = findFitting(volume, input);
      const name = fitting?.name ?? volumeName(input.stack.project, volume.name, input.nonce);
      draft.volumes.add(name);
      if (fitting) planKept(fitting, input, draft);
      else planNew(name, volume, input, draft);
      return [volume.name, name];
    }),
  );
}

/** The user's names of the volumes that do not hold the data a stack asks for. */
export function missingVolumes(input: Known): string[] {
  return input.stack.volumes.filter((volume) => !findFitting(volume, input)).map(({ name }) => name);
}

function findFitting({ name }: VolumeSpec, input: Known): ObservedVolume | undefined {
  const known = input.state.volumes.filter((each) => each.volume === name);
  const key = keyOf(name, input);
  // What serves keeps the volume it has; only what is to come asks which data fits.
  const pinned = known.find((each) => each.name === input.stack.resolved?.volumes[name]);
  return pinned ?? known.find((each) => input.whole.has(each.name) && (key === null || each.dataKey === key));
}

/** Its data stays; a branch whose anchor somebody pruned gets it back. */
function planKept({ name, volume, snapshot }: ObservedVolume, { stack, state }: VolumeInput, draft: Draft): void {
  draft.kept.push({ resource: `volume ${volume}`, cause: "its data stays" });
  if (snapshot === undefined || state.containers.some((each) => each.name === branchParts(name).anchor)) return;
  draft.steps.push({
    kind: "anchor",
    id: `anchor:${volume}`,
    cause: "nothing else keeps its snapshot from being removed",
    after: [],
    name,
    volume,
    snapshotVolume: snapshot,
    generation: stack.generation,
  });
}

function planNew(name: string, { name: volume }: VolumeSpec, input: VolumeInput, draft: Draft): void {
  const { stack, state, images } = input;
  const key = keyOf(volume, input);
  if (key === null) return;
  const known = state.volumes.filter((each) => each.volume === volume);
  const made = { after: [], name, volume, dataKey: key, generation: stack.generation };
  const cause = causeOf(known, key);
  const snapshot = input.snapshots?.[volume];
  const service = stack.seeds.find((seed) => seed.volume === volume)?.service;
  const image = service === undefined ? undefined : images[service];
  if (!snapshot || service === undefined || !image) {
    draft.steps.push({ kind: "create-volume", id: `create-volume:${volume}`, cause, ...made });
    return;
  }
  const from = `from snapshot ${snapshot.key.slice(0, 8)} (seed ${snapshot.seed.slice(0, 8)})`;
  draft.steps.push({
    kind: "branch",
    id: `branch:${volume}`,
    cause: `${cause}: ${from}`,
    ...made,
    service,
    imageId: image.id,
    snapshot,
  });
}

/**
 * A built image changes with each push while its data stays; a pulled one in another version may not read the old
 * files. Null when the image that decides is not on this engine.
 */
function keyOf(volume: string, { stack, images }: Known): string | null {
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
