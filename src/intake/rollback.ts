import type { Preview, PreviewSpec } from "../domain/preview.ts";
import { heldBack, type Forks } from "./forks.ts";

/** Where a rollback would lead. */
export type Earlier = {
  generation: number;
  commit: string;
  /** What of it the operator allowed then, and does not now. */
  forbidden: readonly string[];
};

type Rules = { now: number; serving: number | null; forks: Forks; earlier: Earlier | null };

/** `/rollback` said by somebody with permission → what changes of the wish, or why nothing does. */
export function decideRollback(
  { spec, allowed }: Preview,
  { now, serving, forks, earlier }: Rules,
): Partial<PreviewSpec> | { unchanged: string } {
  const { pull, wanted, generation } = spec;
  if (pull === null || wanted !== "running" || serving === null)
    return { unchanged: "nothing is up that could be rolled back" };
  if (earlier === null)
    return { unchanged: "no deployment of another commit was ready before the one that serves; a push replaces it" };
  const { commit, forbidden } = earlier;
  if (heldBack({ ...pull, headCommit: commit }, allowed, forks) !== null)
    return { unchanged: `it would lead to ${commit.slice(0, 7)}, a fork's commit that may not run now` };
  if (forbidden.length > 0)
    return {
      unchanged: `it would lead to ${commit.slice(0, 7)}, which makes use of ${forbidden.join(", ")}: the operator does not allow that any more`,
    };
  return { generation: generation + 1, commit, activeAt: now, rollback: { generation: earlier.generation, commit } };
}
