import { EngineError } from "../domain/errors.ts";
import type { Preview } from "../domain/preview.ts";
import type { Step } from "../plan/step.ts";
import type { StepContext } from "./ports.ts";
import type { World } from "./world.ts";

const toldLines = 20;

/**
 * Runs one check and stores what came of it, so that nobody runs it again in this attempt. Throws EngineError
 * `check-failed` where the candidate has to pass it.
 */
export async function runCheck(
  step: Extract<Step, { kind: "check" }>,
  context: StepContext,
  world: Pick<World, "engine" | "checks" | "changed">,
): Promise<void> {
  const { name, required } = step.check;
  const moment = { preview: context.preview.key, generation: step.container.generation, name };
  world.checks.begin({ ...moment, required });
  world.changed(moment.preview);
  const { passed, how, lines } = await world.engine.check(step, context);
  world.checks.end({ ...moment, state: passed ? "passed" : "failed", detail: passed ? null : how, log: lines });
  world.changed(moment.preview);
  if (passed || !required) return;
  throw new EngineError("check-failed", `the check ${name} ${how}`, { logTail: lines.slice(-toldLines) });
}

/** A check that has its result in this attempt is not run again; a failure that ends the attempt is one only once that is written. */
export function checkedOf({ key, spec }: Preview, { checks }: Pick<World, "checks">): Set<string> {
  const own = checks.of(key).filter(({ generation }) => generation === spec.generation);
  const ended = own.filter(({ state, required }) => state === "passed" || (state === "failed" && !required));
  return new Set(ended.map(({ name }) => name));
}
