import type { Preview } from "./preview.ts";

/** How much of what serves runs: all of it, nothing while its memory is kept (paused), nothing at all (stopped). */
export type RestLevel = "awake" | "frozen" | "stopped";

/** The wish for what serves. It is about one generation: what takes its place begins awake. */
export type Rest = {
  generation: number;
  level: RestLevel;
  /** When it was last put to sleep, and when it was woken since (null: it was not). Epoch milliseconds. */
  since: number;
  until: number | null;
  /** It went down with its engine: nobody could ask its data before what people wrote to it. */
  unseen?: true;
};

/** What tells whether a container ended because its preview was put to sleep: between these two moments. */
export type Slept = { since: number; until: number };

/** A stop that is under way when somebody wakes the preview still ends; so long at most, or little longer. */
const lastStopMs = 10_000;

/** How much of that generation should run. */
export function restLevelOf({ rest }: Pick<Preview["spec"], "rest">, generation: number): RestLevel {
  return rest?.generation === generation ? rest.level : "awake";
}

/** When that generation last slept; null for one that never did. */
export function sleptOf({ rest }: Pick<Preview["spec"], "rest">, generation: number): Slept | null {
  if (rest?.generation !== generation) return null;
  return { since: rest.since, until: rest.until === null ? Infinity : rest.until + lastStopMs };
}
