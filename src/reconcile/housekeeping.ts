import { resync, type ResyncWorld } from "./resync.ts";
import { sweep } from "./sweep.ts";
import type { World } from "./world.ts";

export type HousekeepingWorld = Omit<ResyncWorld, "log"> & {
  /** Keys of everything on the engine with our server label. */
  owned(): Promise<string[]>;
  world: World;
  /** Between two resyncs. */
  pollMs: number;
  /** False while few calls are left to us: people's commands need them more. */
  maySpend(): boolean;
  /** What else is to be done now and then; with how many orphans were found. */
  onRound(orphans: number): Promise<void>;
};

/** So often every pull request is read again, whatever the lists say. */
const thoroughEveryMs = 3_600_000;

export type Housekeeping = AsyncDisposable & {
  /** Compares every preview with the forge as soon as the round under way, if any, is over. */
  resyncSoon(): void;
  /** Previews without a row that the last sweep found and removed. */
  orphans(): number;
};

/** The timer that makes every hint dispensable: resync with the forge, then sweep what belongs to no preview. */
export function createHousekeeping(options: HousekeepingWorld): Housekeeping {
  const { world } = options;
  const { clock, log } = world;
  const stopped = new AbortController();
  let soon = new AbortController();
  let orphans = 0;
  let thoroughAt = -Infinity;

  const compare = async (): Promise<void> => {
    const thorough = clock.now() - thoroughAt >= thoroughEveryMs;
    if (thorough) thoroughAt = clock.now();
    const readWhole = await resync({ ...options, log }, { thorough });
    const isLive = (key: string) => options.live().some((preview) => preview.key === key);
    orphans = await sweep({ owned: await options.owned(), isLive, readWhole }, world, stopped.signal);
  };

  const round = async (): Promise<void> => {
    try {
      if (options.maySpend()) await compare();
      else log.warn("resync waits: few calls of GitHub are left in this hour");
      await options.onRound(orphans);
    } catch (error) {
      if (!stopped.signal.aborted) log.error({ err: error }, "housekeeping failed");
    }
  };

  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const wait = AbortSignal.any([soon.signal, stopped.signal]);
      await clock.sleep(options.pollMs, wait).catch(() => {
        // Called earlier, or stopping: both are seen right below.
      });
      if (stopped.signal.aborted) return;
      soon = new AbortController();
      await round();
    }
  };

  const running = run();
  return {
    resyncSoon: () => {
      thoroughAt = -Infinity;
      soon.abort();
    },
    orphans: () => orphans,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await running;
    },
  };
}
