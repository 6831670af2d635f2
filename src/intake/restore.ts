import { type RetiredVolume, retiredTogether } from "../domain/data.ts";
import type { PreviewSpec } from "../domain/preview.ts";

/** Of the data of what serves: the reset that it began with, and the one that is due; and what was replaced and is kept. */
export type KeptData = { reset: { done: number; due: number } | null; retired: readonly RetiredVolume[] };

type Judged =
  | { kind: "changed"; wish: Pick<PreviewSpec, "resetBy" | "restore"> }
  | { kind: "unchanged"; reason: string };

/** What `/restore` wishes for: a reset that is not done yet is taken back, else what was replaced comes back. */
export function judgeRestore(spec: PreviewSpec, id: string | null, { data }: { data?: KeptData }): Judged {
  const { reset, retired } = data ?? { reset: null, retired: [] };
  if (reset === null) return { kind: "unchanged", reason: "nothing is up whose data could be another" };
  const resetBy = reset.done;
  if (reset.due !== resetBy && id === null) return { kind: "changed", wish: { resetBy, restore: null } };
  if (retired.length === 0) return { kind: "unchanged", reason: "no data was replaced within the last day" };
  if (retiredTogether(retired, id).length === 0)
    return {
      kind: "unchanged",
      reason: "there is no replaced data of that id; the preview's page tells what there is",
    };
  return { kind: "changed", wish: { resetBy, restore: { generation: spec.generation + 1, id } } };
}
