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
  /** Names of the volumes that were replaced and are kept for a while. */
  retired?: ReadonlySet<string>;
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
  planAnchors(input, draft);
  return Object.fromEntries(
    input.stack.volumes.map((volume) => {
      const fitting = findFitting(volume, input);
      const lost = fitting ? undefined : lostOf(volume, input);
      const name = fitting?.name ?? lost ?? volumeName(input.stack.project, volume.name, input.nonce);
      draft.volumes.add(name);
      if (fitting) planKept(fitting, volume, input, draft);
      else if (lost === undefined) planNew(name, volume, input, draft);
      return [volume.name, name];
    }),
  );
}

/** What was replaced stays with its parts, and an anchor that somebody pruned comes back; also of `others`, by name. */
export function planAnchors(
  input: Pick<VolumeInput, "stack" | "state" | "retired">,
  draft: Draft,
  others: ReadonlySet<string> = new Set(),
): void {
  const wanted = new Set(input.stack.volumes.flatMap(({ choice }) => (choice?.kind === "restore" ? choice.name : [])));
  for (const volume of input.state.volumes) {
    const isRetired = input.retired?.has(volume.name) === true && !wanted.has(volume.name);
    if (!isRetired && !others.has(volume.name)) continue;
    draft.volumes.add(volume.name);
    planAnchor(volume, input, draft, isRetired);
  }
}

/**
 * The engine's name of a volume that serves, holds what a kept service cannot make again, and was removed by somebody:
 * an empty one in its place would be taken for the data.
 */
export function lostOf({ name }: VolumeSpec, { stack, state, images }: Known): string | undefined {
  const known = stack.resolved?.volumes[name];
  if (known === undefined || state.volumes.some((each) => each.name === known)) return undefined;
  const isData = stack.services.some((each) => volumesOf(each).includes(name) && isKept(each, images[each.name]));
  return isData ? known : undefined;
}

/** The user's names of the volumes that cannot come back as somebody asked: another image made them, or they are gone. */
export function unrestorable(input: Known): string[] {
  return input.stack.volumes
    .filter((volume) => volume.choice?.kind === "restore" && !findFitting(volume, input))
    .map(({ name }) => name);
}

/** The user's names of the volumes that do not hold the data a stack asks for. */
export function missingVolumes(input: Known): string[] {
  return input.stack.volumes.filter((volume) => !findFitting(volume, input)).map(({ name }) => name);
}

function findFitting(volume: VolumeSpec, input: Known): ObservedVolume | undefined {
  const { name, choice } = volume;
  const known = input.state.volumes.filter((each) => each.volume === name);
  const key = keyOf(volume, input);
  // What serves keeps the volume it has; only what is to come asks which data fits.
  const pinned = known.find((each) => each.name === input.stack.resolved?.volumes[name]);
  if (pinned) return pinned;
  const isMeant = (each: ObservedVolume) =>
    choice?.kind === "restore" ? each.name === choice.name : input.retired?.has(each.name) !== true;
  return known.find((each) => input.whole.has(each.name) && isMeant(each) && (key === null || each.dataKey === key));
}

function planKept(found: ObservedVolume, { choice }: VolumeSpec, input: VolumeInput, draft: Draft): void {
  draft.kept.push({ resource: `volume ${found.volume}`, cause: keptCause(choice) });
  planAnchor(found, input, draft);
}

function keptCause(choice: VolumeSpec["choice"]): string {
  if (choice?.kind === "wait") return `its data stays, though ${choice.cause}: ${choice.why}; /reset begins anew`;
  if (choice?.kind === "restore") return "its data of before comes back";
  if (choice?.kind !== "keep" || choice.added.length === 0) return "its data stays";
  return `its data stays; ${choice.added.length === 1 ? "a new migration runs" : `${choice.added.length} new migrations run`} on it`;
}

/** A branch whose anchor somebody pruned gets it back. */
function planAnchor(
  { name, volume, snapshot }: ObservedVolume,
  { stack, state }: Pick<VolumeInput, "stack" | "state">,
  draft: Draft,
  isRetired = false,
): void {
  if (snapshot === undefined || state.containers.some((each) => each.name === branchParts(name).anchor)) return;
  draft.steps.push({
    kind: "anchor",
    id: `anchor:${isRetired ? name : volume}`,
    cause: "nothing else keeps its snapshot from being removed",
    after: [],
    name,
    volume,
    snapshotVolume: snapshot,
    generation: stack.generation,
    ...(isRetired && { isRetired }),
  });
}

function planNew(name: string, spec: VolumeSpec, input: VolumeInput, draft: Draft): void {
  const { stack, state, images } = input;
  const volume = spec.name;
  const key = keyOf(spec, input);
  if (key === null) return;
  const known = state.volumes.filter((each) => each.volume === volume && input.retired?.has(each.name) !== true);
  const made = { after: [], name, volume, dataKey: key, generation: stack.generation };
  const cause = causeOf(spec, known, key);
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
function keyOf({ name: volume, edition }: VolumeSpec, { stack, images }: Known): string | null {
  const owner = stack.services.find(
    (service) =>
      service.image.kind === "pull" && volumesOf(service).includes(volume) && isKept(service, images[service.name]),
  );
  const image = owner ? images[owner.name]?.id : "";
  return image === undefined ? null : dataKey(volume, image, edition ?? String(stack.dataEpoch));
}

function causeOf({ choice }: VolumeSpec, known: ObservedVolume[], key: string): string {
  if (choice?.kind === "re-branch") return choice.cause;
  if (known.length === 0) return "no data yet";
  return known.some((each) => each.dataKey === key) ? "its data was never whole" : "another image, or a reset";
}
