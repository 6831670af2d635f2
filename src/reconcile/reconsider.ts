import type { Deployment, Preview } from "../domain/preview.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { StackState } from "../domain/stack-state.ts";
import { chooseAgain } from "./choose-data.ts";
import { keepFirstRunFiles } from "./first-run-files.ts";
import type { World } from "./world.ts";
import { hasBegun, lookForNews } from "./written.ts";

type About = { preview: Preview; attempt: Deployment; serving: StackSpec | null };

/**
 * People may write while an attempt that was prepared before is built or waits: as long as none of its code ran, the
 * data that it would have replaced is looked at again, and may wait for somebody's word instead. Answers its stack,
 * kept anew where it is another one. Throws EngineError.
 */
export async function reconsider(
  { preview, attempt, serving }: About,
  prepared: StackSpec,
  state: StackState,
  world: World,
): Promise<StackSpec> {
  if (serving === null || attempt.stack === null || hasBegun(prepared.generation, state)) return prepared;
  await lookForNews(preview, serving, world);
  const volumes = chooseAgain({ preview, stack: prepared, serving }, world);
  if (volumes.every(({ choice }, at) => choice?.kind === prepared.volumes[at]?.choice?.kind)) return prepared;
  const { stack, findings } = keepFirstRunFiles({ ...prepared, volumes }, serving);
  world.attempts.prepared(preview.key, stack, [...attempt.findings, ...findings]);
  return stack;
}
