import { EngineError } from "../domain/errors.ts";
import { checkContainerName } from "../domain/naming.ts";
import type { Preview } from "../domain/preview.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { Step } from "../plan/step.ts";
import type { CheckEnd } from "./check-ports.ts";
import type { StepContext } from "./ports.ts";
import type { World } from "./world.ts";

const toldLines = 20;
const pauseMs = 200;

/** One check in one attempt, and what it runs in. */
export type CheckRun = { preview: string; generation: number; name: string; required: boolean; container: string };

/**
 * Starts one check; one that has to be passed is waited for, and what came of it is stored, so that nobody runs it again
 * in this attempt. Any other is followed from here on. Throws EngineError `check-failed` where the candidate has to pass it.
 */
export async function runCheck(
  step: Extract<Step, { kind: "check" }>,
  context: StepContext,
  world: Pick<World, "engine" | "checks" | "changed" | "clock" | "followSoon">,
): Promise<void> {
  const { name, required, timeoutMs } = step.check;
  const { generation, name: container } = step.container;
  const run: CheckRun = { preview: context.preview.key, generation, name, required, container };
  world.checks.begin({ preview: run.preview, generation, name, required });
  world.changed(run.preview);
  await world.engine.startCheck(step, context);
  if (!required) return world.followSoon(run.preview);
  for (;;) {
    const end = await world.engine.endOfCheck({ container, timeoutMs });
    if (end === "gone") throw removedMeanwhile(name);
    if (end !== "running") return await conclude(run, end, context, world);
    await world.clock.sleep(pauseMs, context.signal);
  }
}

/** Stores how a check ended, then removes what it ran in. Throws EngineError `check-failed` where it has to be passed. */
export async function conclude(
  { container, required, ...moment }: CheckRun,
  { passed, how, lines }: CheckEnd,
  context: StepContext,
  world: Pick<World, "engine" | "checks" | "changed">,
): Promise<void> {
  world.checks.end({ ...moment, state: passed ? "passed" : "failed", detail: passed ? null : how, log: lines });
  world.changed(moment.preview);
  const about = { id: `remove:${container}`, cause: "it has ended", after: [], container, service: moment.name };
  await world.engine.run({ kind: "remove", ...about, graceMs: 0 }, context);
  if (required && !passed)
    throw new EngineError("check-failed", `the check ${moment.name} ${how}`, { logTail: lines.slice(-toldLines) });
}

/** A check that has its result in this attempt is not run again; a failure that ends the attempt is one only once that is written. */
export function checkedOf({ key, spec }: Preview, { checks }: Pick<World, "checks">): Set<string> {
  const own = checks.of(key).filter(({ generation }) => generation === spec.generation);
  const ended = own.filter(({ state, required }) => state === "passed" || (state === "failed" && !required));
  return new Set(ended.map(({ name }) => name));
}

/** The checks of a stack that only report and go on, although it may have taken over. */
export function followedOf(
  key: string,
  stack: Pick<StackSpec, "project" | "generation">,
  world: Pick<World, "checks">,
): CheckRun[] {
  return runsOf(key, stack, world).filter(({ required }) => !required);
}

/** The checks of a stack that have no result yet. */
export function runsOf(
  key: string,
  { project, generation }: Pick<StackSpec, "project" | "generation">,
  { checks }: Pick<World, "checks">,
): CheckRun[] {
  return checks
    .of(key)
    .filter((each) => each.generation === generation && each.state === "running")
    .map(({ name, required }) => {
      return { preview: key, generation, name, required, container: checkContainerName(project, generation, name) };
    });
}

function removedMeanwhile(name: string): EngineError {
  const what = `the container of the check ${name} was removed by somebody else`;
  return new EngineError("engine-refused", what, { retry: "backoff" });
}
