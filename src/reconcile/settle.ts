import { describeFailure, EngineError } from "../domain/errors.ts";
import { isUnderWay, type Preview, servingOf } from "../domain/preview.ts";
import { type RestLevel, restLevelOf, sleptOf } from "../domain/rest.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { StackState } from "../domain/stack-state.ts";
import { planSettle, planWake } from "../plan/deploy.ts";
import { planSleep, planThaw } from "../plan/sleep.ts";
import type { Plan } from "../plan/step.ts";
import { followedOf } from "./checks.ts";
import { explainFailure } from "./explain.ts";
import { findSnapshots } from "./gather-data.ts";
import { findImages } from "./prepare.ts";
import type { RunResult } from "./queue.ts";
import { lossOf, tellStanding, tellTrouble } from "./standing.ts";
import { runPlan } from "./steps.ts";
import { upstreamsOf } from "./upstreams.ts";
import type { World } from "./world.ts";
import { lookForWrites } from "./written.ts";

/** Between two questions whether there is room by now. */
export const roomRestMs = 500;
/** The same for who is pinned, where there will be none as things stand. */
const hopeRestMs = 60_000;

/**
 * What serves is brought to how much of it should run, in its own queue: a visit to what sleeps waits neither for a
 * build nor for a candidate. It is put to sleep only while no attempt is under way, which may need its database.
 */
export async function restServing(key: string, world: World, signal: AbortSignal): Promise<RunResult> {
  if (readServing(key, world) === null) return { kind: "done" };
  return await world.turns.take(key, signal, async (): Promise<RunResult> => {
    // What serves may be another one by now.
    const now = readServing(key, world);
    if (now === null) return { kind: "done" };
    if (now.level !== "awake") await sleep(now, now.level, world, signal);
    else if (!(await thaw(now, world, signal))) return await wake(now, world, signal);
    return { kind: "done" };
  });
}

/** No attempt is under way: what serves is kept whole and routed to, everything else goes. */
export async function settle(preview: Preview, world: World, signal: AbortSignal): Promise<void> {
  const { key } = preview;
  await world.turns.take(key, signal, async () => {
    const now = readServing(key, world);
    // Those of what serves that only report go on.
    if (world.checks.stop(key, { but: now?.serving.generation ?? null }) > 0) world.changed(key);
    world.followSoon(key);
    const about = { preview: now?.preview ?? preview, serving: now?.serving ?? null };
    const plan = await planSettled(about.preview, about.serving, world);
    const entry = now?.level === "awake" && isStarting(plan) ? await enter(now, "restart", world) : "now";
    // Who waits for room stays as it is, but for what a failed attempt left, which may take that very room.
    const planned = entry === "now" ? plan : await planSettled(about.preview, about.serving, world, "stopped");
    // What stands in its way was told just now.
    if (entry === "never") await runPlan(planned, { ...about, stack: about.serving, isTold: false }, world, signal);
    else await carryOut(planned, about, world, signal);
    // The other queue asks on, where a visit can cut it short; who can have no room is asked for only while it is pinned.
    const asksOn = entry === "later" || (entry === "never" && about.preview.spec.pinned);
    if (now !== null && (now.level !== "awake" || asksOn)) world.restSoon(key);
  });
}

/** Routes to the serving generation as far as its containers exist; while it sleeps, requests wait. */
export async function showServing(
  preview: Preview,
  serving: StackSpec,
  world: Pick<World, "engine" | "gateway">,
): Promise<void> {
  publish(preview, serving, await world.engine.observe(preview.key), world);
}

/** What the next run would do about what serves; with `level`, as if no more of it should run. */
export async function planSettled(
  preview: Preview,
  serving: StackSpec | null,
  world: World,
  level?: RestLevel,
): Promise<Plan> {
  const gathered = await gatherSettled(preview, serving, world);
  return planSettle({ ...gathered, serving, ...(level && { level }) });
}

type Serving = { preview: Preview; serving: StackSpec; level: RestLevel; isBusy: boolean };

function readServing(key: string, world: Pick<World, "wishes" | "attempts">): Serving | null {
  const preview = world.wishes.get(key);
  if (preview === null || preview.spec.wanted !== "running") return null;
  const deployments = world.attempts.of(key);
  const serving = servingOf(deployments)?.stack;
  if (!serving) return null;
  const isBegun = deployments.some(({ generation }) => generation === preview.spec.generation);
  const level = restLevelOf(preview.spec, serving.generation);
  return { preview, serving, level, isBusy: !isBegun || deployments.some(isUnderWay) };
}

async function sleep(
  { preview, serving, isBusy }: Serving,
  level: Exclude<RestLevel, "awake">,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  if (isBusy) return;
  const plan = planSleep(serving, await world.engine.observe(preview.key), level);
  // Nobody can be asked any more once it sleeps.
  if (plan.steps.length > 0) await lookForWrites({ key: preview.key, stack: serving }, world, false);
  await carryOut(plan, { preview, serving }, world, signal);
  if (level === "stopped") world.placeFreed();
}

/** The short way, where nothing is missing: one look, one call a container. */
async function thaw({ preview, serving }: Serving, world: World, signal: AbortSignal): Promise<boolean> {
  const state = await world.engine.observe(preview.key);
  const plan = planThaw(serving, state, sleptOf(preview.spec, serving.generation));
  if (plan === null) return false;
  await runPlan(plan, { preview, stack: null }, world, signal);
  const containers = state.containers.map((each) =>
    each.state === "paused" ? { ...each, state: "running" as const } : each,
  );
  publish(preview, serving, { ...state, containers }, world);
  tellTrouble(preview, serving, null, world);
  world.changed(preview.key);
  return true;
}

function isStarting({ steps }: Plan): boolean {
  return steps.some(({ kind }) => kind === "start");
}

/** Whether there is room by now; who can never have enough is told so, with those who wait for it. */
async function enter(
  { preview, serving }: Serving,
  kind: "wake" | "restart",
  world: World,
): Promise<"now" | "later" | "never"> {
  try {
    return (await world.room.enter(preview.key, kind)) ? "now" : "later";
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== "memory-short") throw error;
    tellTrouble(preview, serving, describeFailure(error), world);
    world.gateway.tellStuck(preview.key);
    return "never";
  }
}

async function wake(now: Serving, world: World, signal: AbortSignal): Promise<RunResult> {
  const { preview, serving } = now;
  const { key } = preview;
  const plan = planWake({ ...(await gatherSettled(preview, serving, world)), serving });
  const kind = sleptOf(preview.spec, serving.generation) === null ? "restart" : "wake";
  const entry = isStarting(plan) ? await enter(now, kind, world) : "now";
  if (entry === "later") return { kind: "again", inMs: roomRestMs };
  // Each visit tries again; who is pinned is not to wait for one.
  if (entry === "never") return preview.spec.pinned ? { kind: "again", inMs: hopeRestMs } : { kind: "done" };
  try {
    await carryOut(plan, { preview, serving }, world, signal);
  } finally {
    world.room.left(key);
  }
  return { kind: "done" };
}

async function carryOut(
  plan: Plan,
  { preview, serving }: { preview: Preview; serving: StackSpec | null },
  world: World,
  signal: AbortSignal,
): Promise<void> {
  if (plan.steps.length > 0) {
    world.log.info({ preview: preview.key, steps: plan.steps.length }, "settling");
    await runPlan(plan, { preview, stack: serving, isTold: false }, world, signal).catch(async (error: unknown) => {
      if (serving && !signal.aborted) {
        const why = await explainFailure(error, { key: preview.key, stack: serving }, world, signal);
        tellTrouble(preview, serving, why, world);
        world.gateway.tellStuck(preview.key);
      }
      throw error;
    });
  }
  if (serving === null) return;
  // What sleeps is not asked whether it could wake.
  const isAwake = restLevelOf(preview.spec, serving.generation) === "awake";
  const loss = lossOf(plan);
  const state = await world.engine.observe(preview.key);
  if (isAwake) await tellStanding({ preview, serving, loss, state }, world, signal);
  publish(preview, serving, state, world);
  if (isAwake && loss !== null) world.gateway.tellStuck(preview.key);
  if (plan.steps.length > 0) world.changed(preview.key);
}

async function gatherSettled(preview: Preview, serving: StackSpec | null, world: World) {
  const images = serving ? await findImages(preview, serving, world) : {};
  const state = await world.engine.observe(preview.key);
  const whole = world.volumes.of(preview.key);
  const snapshots = serving ? await findSnapshots(preview, { stack: serving, state, images, whole }, world) : {};
  const secrets = serving?.resolved?.secrets ?? {};
  // Who waits for room to wake sleeps on.
  const wished = serving ? restLevelOf(preview.spec, serving.generation) : "awake";
  const level = world.room.waits(preview.key) && wished === "awake" ? "stopped" : wished;
  const slept = serving ? sleptOf(preview.spec, serving.generation) : null;
  const isLulled = level === "awake" && world.gateway.isAsleep(preview.key);
  const retired = retiredNames(preview.key, world);
  const followed = serving ? followedOf(preview.key, serving, world).map(({ container }) => container) : [];
  return {
    state,
    images,
    whole,
    retired,
    snapshots,
    secrets,
    level,
    slept,
    isLulled,
    followed,
    nonce: world.randomId(8),
  };
}

/** The volumes that were replaced and are kept for a while. */
export function retiredNames(key: string, { volumes }: Pick<World, "volumes">): Set<string> {
  return new Set(volumes.retiredOf(key).map(({ name }) => name));
}

function publish(preview: Preview, serving: StackSpec, state: StackState, world: Pick<World, "gateway">): void {
  const { key, slug, spec } = preview;
  const { generation } = serving;
  const placed = { key, slug, generation };
  if (restLevelOf(spec, generation) !== "awake") return world.gateway.lull(placed, serving);
  // What slept once may be on its way up: what is not there yet is waited for.
  const mayWait = sleptOf(spec, generation) !== null;
  world.gateway.publish(placed, serving, upstreamsOf(serving, state), { mayWait });
}
