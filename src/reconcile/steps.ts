import { EngineError, MayflyError } from "../domain/errors.ts";
import type { Preview } from "../domain/preview.ts";
import type { StackSpec } from "../domain/stack.ts";
import { type Plan, resourceOf, type Step } from "../plan/step.ts";
import { runCheck } from "./checks.ts";
import { executePlan } from "./execute.ts";
import type { CheckoutOf, StepContext } from "./ports.ts";
import { probe, probeAWhile } from "./probe.ts";
import { upstreamsOf } from "./upstreams.ts";
import type { World } from "./world.ts";
import { markData } from "./written.ts";

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

type About = {
  preview: Pick<Preview, "key" | "slug"> & CheckoutOf;
  stack: StackSpec | null;
  /** Where there is no stack yet. */
  project?: string;
  /** Whether its steps are part of the deployment's timeline. */
  isTold?: boolean;
};

/** Steps that people wait for, and therefore see. */
const told = new Set<Step["kind"]>(["start", "await", "fill", "branch", "seed", "probe", "check", "swap", "drain"]);

/** Executes a plan: each step by whoever it concerns, the telling ones on the timeline. */
export async function runPlan(plan: Plan, about: About, world: World, signal: AbortSignal): Promise<void> {
  const { preview, stack, isTold = true } = about;
  const nameOf = (step: Step) => ({ preview: preview.key, generation: stack?.generation ?? 0, name: eventName(step) });
  // A check that nobody waits for is told of among the checks, when it ends.
  const isFollowed = (step: Step) => step.kind === "check" && !step.check.required;
  const onTimeline = (step: Step) => isTold && stack !== null && told.has(step.kind) && !isFollowed(step);
  await executePlan(plan, {
    signal,
    run: (step, stepSignal) => runStep(step, about, world, stepSignal),
    onStart: (step) => {
      if (!onTimeline(step)) return;
      world.timeline.begin(nameOf(step));
      world.changed(preview.key);
    },
    onEnd: (step, outcome, error) => {
      world.log.debug({ preview: preview.key, step: step.id, cause: step.cause, outcome }, "step");
      // Why a branch was made is part of the story.
      const told = step.kind === "branch" && outcome === "done" ? step.cause : null;
      const detail = error instanceof MayflyError ? error.message : told;
      if (onTimeline(step)) world.timeline.end({ ...nameOf(step), outcome, detail });
      world.changed(preview.key);
    },
  });
}

function eventName(step: Step): string {
  return step.kind === "probe" || step.kind === "swap" || step.kind === "drain"
    ? step.kind
    : `${step.kind} ${resourceOf(step)}`;
}

async function runStep(step: Step, about: About, world: World, signal: AbortSignal): Promise<void> {
  const { key, slug } = about.preview;
  switch (step.kind) {
    case "complete":
      world.volumes.complete(key, step.volume, { seed: step.seed, branch: null });
      return;
    case "anchor":
      await makeAnchor(step, about, world, signal);
      return;
    case "fill":
      await world.engine.requireRoom("files of the repository are to be laid out");
      await world.engine.run(step, stepContext(about, world, signal));
      world.volumes.complete(key, step.name, { seed: null, branch: null });
      return;
    case "branch": {
      const startedAt = world.clock.now();
      await world.engine.run(step, stepContext(about, world, signal));
      const tookMs = world.clock.now() - startedAt;
      const branch = { strategy: await world.branches.strategy(), tookMs };
      world.volumes.complete(key, step.name, { seed: step.snapshot.seed, branch });
      return;
    }
    case "probe":
      await (step.isGate ? probe : probeAWhile)(step, key, world, signal);
      return;
    case "check":
      await runCheck(step, stepContext(about, world, signal), world);
      return;
    case "swap":
      await swap(step, { key, slug }, world);
      return;
    case "lull": {
      const { generation } = step.stack;
      world.gateway.lull({ key, slug, generation }, step.stack);
      await world.gateway.quiet(key, generation, { timeoutMs: step.timeoutMs, signal, cut: step.cut });
      return;
    }
    case "drain": {
      const cut = await world.gateway.drain(key, step.generation, { timeoutMs: step.timeoutMs, signal });
      if (cut > 0)
        world.log.warn({ preview: key, generation: step.generation, cut }, "connections cut at the end of the drain");
      return;
    }
    default:
      await world.engine.run(step, stepContext(about, world, signal));
  }
}

/** What the engine is told of the preview that it does a step for. */
export function stepContext({ preview, stack, project = "" }: About, world: World, signal: AbortSignal): StepContext {
  return {
    preview,
    project: stack?.project ?? project,
    signal,
    openSource: (paths) => world.source.checkout(preview, stack?.commit ?? "", signal, paths),
  };
}

/** Data that was replaced, and of which somebody removed a part, is not kept any more; any other is missed. */
async function makeAnchor(step: StepOf<"anchor">, about: About, world: World, signal: AbortSignal): Promise<void> {
  try {
    await world.engine.run(step, stepContext(about, world, signal));
  } catch (error) {
    if (!step.isRetired || !(error instanceof EngineError) || error.code !== "data-lost") throw error;
    world.volumes.forgetRetired(step.name);
    world.log.warn({ preview: about.preview.key, volume: step.name, err: error }, "replaced data is lost");
  }
}

/** Writing `ready_at` is the commit point; only then does the gateway route to the new generation. */
async function swap(
  { stack, retired }: StepOf<"swap">,
  preview: { key: string; slug: string },
  world: World,
): Promise<void> {
  // The last moment at which only deployments can have written to new data.
  const marking = markData({ key: preview.key, stack }, world);
  const [state] = await Promise.all([world.engine.observe(preview.key), marking]);
  const upstreams = upstreamsOf(stack, state);
  if (!world.attempts.commit(preview.key, stack, retired)) {
    throw new MayflyError("internal", `generation ${stack.generation} was overtaken before it could take over`);
  }
  world.gateway.publish({ ...preview, generation: stack.generation }, stack, upstreams);
  world.log.info({ preview: preview.key, generation: stack.generation }, "serving");
  world.changed(preview.key);
}
