import { isUnderWay } from "../domain/preview.ts";
import type { StackSpec } from "../domain/stack.ts";
import { type CheckRun, conclude, followedOf } from "./checks.ts";
import type { RunResult } from "./queue.ts";
import { stepContext } from "./steps.ts";
import type { World } from "./world.ts";

/** Between two looks at checks that nobody waits for. */
const lookMs = 500;

/**
 * Looks once at the checks of a preview that only report, and writes down those that have ended. In a queue of its own: a
 * load test of a quarter of an hour keeps neither its preview's deployment nor another's from going on.
 */
export async function followChecks(key: string, world: World, signal: AbortSignal): Promise<RunResult> {
  const preview = world.wishes.get(key);
  const attempt = world.attempts.of(key).find(({ generation }) => generation === preview?.spec.generation);
  if (preview === null || preview.spec.wanted !== "running" || !attempt?.stack) return { kind: "done" };
  const { stack } = attempt;
  const context = stepContext({ preview, stack }, world, signal);
  let left = 0;
  for (const run of followedOf(key, stack, world)) {
    const end = await world.engine.endOfCheck({ container: run.container, timeoutMs: timeoutOf(run, stack) });
    if (end === "running" || (end === "gone" && isUnderWay(attempt))) left += 1;
    else if (end === "gone") giveUp(run, world);
    else await conclude(run, end, context, world);
  }
  return left > 0 ? { kind: "again", inMs: lookMs } : { kind: "done" };
}

/** Somebody removed its container; of an attempt under way it may not be there yet. */
function giveUp({ preview, generation, name }: CheckRun, world: Pick<World, "checks" | "changed">): void {
  world.checks.end({ preview, generation, name, state: "stopped", detail: null, log: [] });
  world.changed(preview);
}

function timeoutOf({ name }: CheckRun, { checks = [] }: StackSpec): number {
  return checks.find((each) => each.name === name)?.timeoutMs ?? 0;
}
