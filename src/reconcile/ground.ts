import { type Preview, trustOf } from "../domain/preview.ts";
import type { StackSpec } from "../domain/stack.ts";
import { planGround } from "../plan/networks.ts";
import { runPlan } from "./steps.ts";
import type { World } from "./world.ts";

/**
 * Makes the networks that an attempt will most likely need while its commit is fetched and read: they take the engine
 * about as long. Never throws: what could not be made is made, and told, when the plan is carried out.
 */
export async function layGround(
  preview: Preview,
  serving: StackSpec | null,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const { key, spec } = preview;
  try {
    const project = world.projectOf(preview);
    const trust = spec.pull === null ? "fork" : trustOf(spec.pull);
    const state = await world.engine.observe(key);
    const plan = planGround({ project, generation: spec.generation, trust }, serving, state);
    await runPlan(plan, { preview, stack: null, project }, world, signal);
  } catch (error) {
    world.log.debug({ preview: key, err: error }, "networks could not be made ahead");
  }
}
