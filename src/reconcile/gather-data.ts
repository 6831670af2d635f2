import type { Failure } from "../domain/errors.ts";
import type { Preview } from "../domain/preview.ts";
import type { SnapshotWish } from "../domain/snapshot.ts";
import type { ResolvedImage, Snapshot, StackSpec } from "../domain/stack.ts";
import type { StackState } from "../domain/stack-state.ts";
import { wishSnapshots } from "../plan/snapshots.ts";
import { missingVolumes } from "../plan/volumes.ts";
import type { World } from "./world.ts";

export type GatheredData =
  | { kind: "ready"; snapshots: Record<string, Snapshot> }
  | { kind: "building" }
  | { kind: "failed"; failure: Failure };

/** What there is already, and what should be. */
export type DataInput = {
  stack: StackSpec;
  state: StackState;
  images: Readonly<Record<string, ResolvedImage>>;
  whole: ReadonlySet<string>;
};

/** Asks for the snapshots that the missing data of a stack can branch from, and tells what is being made on its timeline. */
export async function gatherData(preview: Preview, input: DataInput, world: World): Promise<GatheredData> {
  const { stack } = input;
  const { repositoryId, repository, number } = preview;
  const subscriber = { preview: preview.key, generation: stack.generation };
  const request = {
    owner: { repositoryId, repository, number, trust: stack.trust, commit: stack.commit, cause: `for ${preview.slug}` },
    open: (signal: AbortSignal, paths: readonly string[]) =>
      world.source.checkout(preview, stack.commit, signal, paths),
  };
  if (missingVolumes(input).length > 0) await world.engine.requireRoom("data is to be made");
  const outcomes = await Promise.all(
    wishSnapshots(input, preview).map(async (wish) => {
      const outcome = await world.snapshots.request(wish, subscriber, request);
      tell(outcome, { ...subscriber, name: `snapshot ${wish.service.name}` }, world);
      return { wish, outcome };
    }),
  );
  const inPlace = await Promise.all(
    seededInPlace(input, outcomes).map(async ({ seed, service }) => {
      const outcome = await world.snapshots.requestSources(seed, service, subscriber);
      tell(outcome, { ...subscriber, name: `source for ${service.name}` }, world);
      return outcome;
    }),
  );
  // Only now: what is wanted still has its subscriber again, and goes on being built.
  world.snapshots.release(preview.key, stack.generation);
  const snapshots: Record<string, Snapshot> = {};
  for (const outcome of inPlace) if (outcome.state === "failed") return { kind: "failed", failure: outcome.failure };
  for (const { wish, outcome } of outcomes) {
    if (outcome.state === "failed") return { kind: "failed", failure: outcome.failure };
    if (outcome.state === "ready") snapshots[wish.seed.volume] = outcome.snapshot;
  }
  return [...outcomes.map(({ outcome }) => outcome), ...inPlace].some(({ state }) => state === "building")
    ? { kind: "building" }
    : { kind: "ready", snapshots };
}

/** What has no snapshot and is loaded from a source where it runs. */
function seededInPlace(input: DataInput, outcomes: readonly { wish: SnapshotWish }[]) {
  const missing = missingVolumes(input);
  return input.stack.seeds.flatMap((seed) => {
    const service = input.stack.services.find(({ name }) => name === seed.service);
    const isNamed = seed.parts.some(({ kind }) => kind === "source");
    const hasSnapshot = outcomes.some(({ wish }) => wish.seed.volume === seed.volume);
    return service && isNamed && missing.includes(seed.volume) && !hasSnapshot ? [{ seed, service }] : [];
  });
}

/** The snapshots that are there already; nothing is asked for. */
export async function findSnapshots(
  preview: Preview,
  input: DataInput,
  world: Pick<World, "snapshots">,
): Promise<Record<string, Snapshot>> {
  const found = await Promise.all(
    wishSnapshots(input, preview).map(
      async (wish) => [wish.seed.volume, await world.snapshots.find(wish.key)] as const,
    ),
  );
  return Object.fromEntries(found.filter((each): each is [string, Snapshot] => each[1] !== null));
}

/** What the snapshots will be once they are built, for a plan made to be read. */
export function expectedSnapshots(preview: Preview, input: DataInput): Record<string, Snapshot> {
  return Object.fromEntries(
    wishSnapshots(input, preview).map(({ key, seed }) => [
      seed.volume,
      { key, volume: "to be made", seed: seed.content, root: { uid: 0, gid: 0, mode: 0 } },
    ]),
  );
}

type Outcome = Awaited<ReturnType<World["snapshots"]["request" | "requestSources"]>>;

function tell(outcome: Outcome, moment: { preview: string; generation: number; name: string }, world: World): void {
  if (outcome.state === "building") {
    if (outcome.isNews) world.timeline.begin(moment);
  } else if (outcome.state === "failed") {
    world.timeline.end({ ...moment, outcome: "failed", detail: outcome.failure.what });
  } else if (outcome.isNews) {
    world.timeline.end({ ...moment, outcome: "done", detail: null });
  }
  world.changed(moment.preview);
}
