import { turnPlace } from "./admission.ts";
import type { PreviewView } from "./view.ts";

/** What is there now, and what became of a newer attempt than the one that serves; null when there is none. */
export type TwoFacts = { state: string; newest: string | null };

/** The state as two facts: `ready` and `failed` read together as "ready, newest failed". */
export function twoFacts({
  phase,
  queue,
  asleep,
  serving,
  newest,
}: Pick<PreviewView, "phase" | "queue" | "asleep" | "serving" | "newest">): TwoFacts {
  const isNewer = serving !== null && newest !== null && newest.generation > serving.generation;
  const state = asleep === null ? phase : `asleep (${asleep})`;
  return { state: queue === null ? state : `waiting, ${turnPlace(queue)}`, newest: isNewer ? newest.phase : null };
}
