import type { Preview } from "../domain/preview.ts";
import { planRemoval } from "../plan/removal.ts";
import { finish, newDraft } from "../plan/draft.ts";
import { runPlan } from "./steps.ts";
import type { World } from "./world.ts";

/** Data without a preview waits this long, should its preview turn up again. */
const volumesWaitMs = 3_600_000;

export type SweepOptions = {
  /** Keys of everything on the engine with our server label. */
  owned: string[];
  /** Asked again for each: a preview may have come meanwhile. */
  isLive(key: string): boolean;
  /** Repositories whose open pull requests were all read just now: of others nothing is known, so nothing is removed. */
  readWhole: ReadonlySet<number>;
};

/** Removes what belongs to no preview: its row is gone while a kill or a restored backup left things behind. */
export async function sweep(options: SweepOptions, world: World, signal: AbortSignal): Promise<number> {
  let orphans = 0;
  for (const key of options.owned) {
    if (options.isLive(key) || !options.readWhole.has(repositoryOf(key))) continue;
    orphans += 1;
    // One that is held by somebody else is tried again in the next round, and no reason to leave the others.
    await removeOrphan(key, world, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      world.log.warn({ preview: key, err: error }, "an orphan could not be removed");
    });
  }
  // Whoever removed the last preview may have been killed before this.
  if (options.owned.length === 0 && !world.wishes.isAnyToRun()) await world.engine.leaveHome();
  return orphans;
}

async function removeOrphan(key: string, world: World, signal: AbortSignal): Promise<void> {
  const state = await world.engine.observe(key);
  const data = state.volumes.filter(({ files }) => files === undefined);
  const young = data.filter((volume) => world.clock.now() - volume.createdAt < volumesWaitMs);
  const draft = newDraft();
  for (const volume of young) draft.volumes.add(volume.name);
  planRemoval(draft, { state, cause: "belongs to no preview", after: [], graceMs: 0 });
  await runPlan(finish(draft), { preview: orphanOf(key), stack: null }, world, signal);
  world.log.warn({ preview: key }, "orphan removed");
}

function repositoryOf(key: string): number {
  return Number(key.split("-")[0]);
}

function orphanOf(key: string): Pick<Preview, "key" | "slug" | "repository" | "repositoryId" | "number"> {
  return { key, slug: key, repository: "", repositoryId: repositoryOf(key), number: 0 };
}
