import { MayflyError } from "../domain/errors.ts";
import type { Places } from "./ports.ts";
import { followChecks } from "./follow-checks.ts";
import { createQueue, type Queue, type RunResult } from "./queue.ts";
import { reconcile } from "./reconcile.ts";
import { restServing } from "./settle.ts";
import { createTurns } from "./turns.ts";
import { refresh, type RefreshWorld } from "./refresh.ts";
import type { World } from "./world.ts";

export type LoopWorld = Omit<World, "changed" | "takePlace" | "placeFreed" | "restSoon" | "followSoon" | "turns"> &
  Omit<RefreshWorld, "wishes"> & {
    places: Places;
    /** Tells the pull request what is so now; skips what was told before. */
    tell(key: string, signal: AbortSignal): Promise<RunResult>;
    /** Somebody watches (pages, the dashboard). */
    onChange(key: string): void;
    /** Previews brought to their wish side by side. */
    parallel: number;
  };

export type Loop = AsyncDisposable & {
  /** An event, a command or a person hints at this preview: read the pull request, then bring it to its wish. */
  wake(key: string): void;
  /** Something on the engine changed: look again, without asking the forge. */
  look(key: string): void;
  /** How much of what serves should run is another thing now: at once, whatever else is under way. */
  rest(key: string): void;
  /** What serves is on its way up. */
  isWaking(key: string): boolean;
  /** Nothing is waiting or running. */
  isIdle(): boolean;
  queueLength(): number;
  world: World;
};

/** A deployment's every step is news; GitHub is told once a second at most. */
const tellRestMs = 1000;
/** Of those who wait, so many hear of a new turn when it comes; the others, whose turn is far, at the next resync. */
const toldAtOnce = 10;

/**
 * Five stations over the same keys: *refresh* reads the forge and writes the wish (short, so that a newer wish can
 * abort), *converge* brings the engine to it, *rest* puts what serves to sleep and wakes it, *follow* looks after checks
 * that nobody waits for, *tell* brings the pull request up to date. Only keys pass between them.
 */
export function createLoop(given: LoopWorld): Loop {
  const { clock, log, parallel } = given;
  const failed = (station: string) => (key: string, error: unknown) =>
    log.error({ preview: key, station, err: error }, "run failed");

  /** What each run under way works towards. */
  const underWay = new Map<string, string>();
  const wishOf = (key: string): string => {
    const spec = given.wishes.get(key)?.spec;
    return spec ? `${spec.wanted} ${spec.generation}` : "";
  };
  const resting = new Map<string, string>();
  const restOf = (key: string): string => {
    const spec = given.wishes.get(key)?.spec;
    if (!spec?.rest) return spec?.wanted ?? "";
    const { generation, level } = spec.rest;
    // A push needs the database that is about to be stopped; who wakes goes on.
    return `${spec.wanted} ${generation} ${level} ${level === "awake" ? "" : spec.generation}`;
  };

  const tell = createQueue({ clock, parallel: 4, restMs: tellRestMs, run: given.tell, onError: failed("tell") });
  /** Who got a place begins; who still waits is told of the new turn. */
  const givePlaces = (asked: string | null): void => {
    const got = given.places.give();
    for (const key of got) if (key !== asked) converge.add(key);
    if (got.length === 0 && asked !== null) return;
    for (const key of given.places.waiting().slice(0, toldAtOnce)) world.changed(key);
  };
  const world: World = {
    ...given,
    takePlace: (key) => {
      if (!given.places.holds(key)) givePlaces(key);
      return given.places.holds(key);
    },
    placeFreed: () => givePlaces(null),
    turns: createTurns(),
    restSoon: (key) => rests.hint(key),
    followSoon: (key) => follows.hint(key),
    changed: (key) => {
      given.onChange(key);
      tell.hint(key);
    },
  };
  const converge: Queue = createQueue({
    clock,
    parallel,
    onError: failed("converge"),
    run: async (key, signal) => {
      underWay.set(key, wishOf(key));
      return await runOnce(key, reconcile, world, signal).finally(() => underWay.delete(key));
    },
  });
  const rests: Queue = createQueue({
    clock,
    parallel: parallel * 2,
    onError: failed("rest"),
    run: async (key, signal) => {
      resting.set(key, restOf(key));
      return await runOnce(key, restServing, world, signal).finally(() => resting.delete(key));
    },
  });
  const follows = createQueue({
    clock,
    parallel,
    onError: failed("follow"),
    run: (key, signal) => runOnce(key, followChecks, world, signal),
  });
  const isOvertaken = (key: string) => resting.has(key) && resting.get(key) !== restOf(key);
  const rest = (key: string): void => {
    if (isOvertaken(key)) rests.abort(key, "a newer wish");
    rests.add(key);
  };
  const refreshing = createQueue({
    clock,
    parallel: 8,
    onError: failed("refresh"),
    run: async (key) => {
      const restBefore = restOf(key);
      const unanswered = await refresh(key, given);
      if (restBefore !== restOf(key) || isOvertaken(key)) rest(key);
      // Whoever wrote the newer wish: a pull request that changed, a comment, or a call of the API.
      if (underWay.has(key) && underWay.get(key) !== wishOf(key)) converge.abort(key, "a newer wish");
      converge.add(key);
      given.onChange(key);
      // A person who said something waits for a sign.
      tell.add(key);
      if (unanswered === null) return { kind: "done" };
      log.warn({ preview: key, code: unanswered.code, err: unanswered }, "the forge did not answer");
      if (unanswered.retry === "never") return { kind: "done" };
      return { kind: "backoff", ...(unanswered.retryAfterMs !== undefined && { atLeastMs: unanswered.retryAfterMs }) };
    },
  });

  return {
    wake: refreshing.add,
    look: converge.hint,
    rest,
    isWaking: (key) => rests.isBusy(key) && given.wishes.get(key)?.spec.rest?.level === "awake",
    isIdle: () => refreshing.size() + converge.size() + rests.size() + tell.size() === 0,
    queueLength: () => refreshing.size() + converge.size() + rests.size(),
    world,
    async [Symbol.asyncDispose]() {
      await refreshing[Symbol.asyncDispose]();
      await converge[Symbol.asyncDispose]();
      await rests[Symbol.asyncDispose]();
      await follows[Symbol.asyncDispose]();
      await tell[Symbol.asyncDispose]();
    },
  };
}

type Run = (key: string, world: World, signal: AbortSignal) => Promise<RunResult>;

async function runOnce(key: string, run: Run, world: World, signal: AbortSignal): Promise<RunResult> {
  const startedAt = world.clock.now();
  try {
    return await run(key, world, signal);
  } catch (error) {
    if (signal.aborted) return { kind: "done" };
    const code = error instanceof MayflyError ? error.code : "internal";
    world.log.error({ preview: key, code, err: error, durationMs: world.clock.now() - startedAt }, "reconcile failed");
    return { kind: "backoff" };
  }
}
