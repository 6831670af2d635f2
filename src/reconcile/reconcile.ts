import { EngineError, type Failure, MayflyError } from "../domain/errors.ts";
import { type Deployment, isUnderWay, type Preview, servingOf } from "../domain/preview.ts";
import type { StackSpec } from "../domain/stack.ts";
import { planDeploy } from "../plan/deploy.ts";
import { planTeardown } from "../plan/removal.ts";
import type { Plan } from "../plan/step.ts";
import { unrestorable } from "../plan/volumes.ts";
import { steadyMs } from "./crashes.ts";
import { explainFailure } from "./explain.ts";
import { expectedSnapshots, findSnapshots, gatherData } from "./gather-data.ts";
import { layGround } from "./ground.ts";
import { checkedOf } from "./checks.ts";
import { findImages, gatherImages, prepareStack } from "./prepare.ts";
import type { RunResult } from "./queue.ts";
import { planSettled, retiredNames, roomRestMs, settle, showServing } from "./settle.ts";
import { recallStack } from "./recall.ts";
import { reconsider } from "./reconsider.ts";
import { runPlan } from "./steps.ts";
import { stopOlderChecks } from "./stop-checks.ts";
import type { World } from "./world.ts";
import { hasFailedRunning, markData } from "./written.ts";

/** How long requests in flight to the old generation may take to end. */
const drainMs = 30_000;
/** An attempt that makes no progress, because of our own host or GitHub, is tried again for this long. */
const patienceMs = 600_000;
/** Between two looks for an image that somebody else builds. */
const pullRestMs = 10_000;

/**
 * Brings one preview from what is there to what is wished: observe, plan, execute. Nothing is remembered between runs,
 * so it may be killed at any point and run again.
 */
export async function reconcile(key: string, world: World, signal: AbortSignal): Promise<RunResult> {
  const preview = world.wishes.get(key);
  if (preview === null || preview.spec.reason === "unread") return { kind: "done" };
  const { generation, wanted, commit } = preview.spec;
  world.attempts.supersede(key, generation);
  if (wanted === "running") await stopOlderChecks(preview, world, signal);
  else world.checks.stop(key, { but: null });
  world.builds.release(key, wanted === "running" ? generation : undefined);
  if (wanted !== "running" || commit === null) {
    world.snapshots.release(key);
    return world.turns.take(key, signal, () => remove(preview, world, signal));
  }

  if (!world.takePlace(key)) {
    // What failed has given its place back, and may have left something when it was killed.
    if (world.attempts.of(key).some((each) => each.generation === generation)) await settle(preview, world, signal);
    return { kind: "done" };
  }
  const { cause, rollback } = preview.spec;
  world.attempts.begin({ preview: key, generation, commit, cause, origin: rollback?.generation ?? null });
  const deployments = world.attempts.of(key);
  const attempt = deployments.find((each) => each.generation === generation);
  const serving = servingOf(deployments);
  // Whoever works on what serves shows it when it is ready.
  const isOthers = world.turns.isBusy(key) || world.gateway.isAsleep(key);
  if (serving?.stack && !isOthers) await showServing(preview, serving.stack, world);
  if (attempt && isUnderWay(attempt)) {
    const outcome = await deploy({ preview, commit, attempt, serving: serving?.stack ?? null }, world, signal);
    if (outcome !== "ended") return outcome;
  }
  const hasWritten = attempt && isUnderWay(attempt) && (await hasFailedRunning(key, generation, world));
  await settle(preview, world, signal);
  const served = servingOf(world.attempts.of(key));
  // That is not people's work.
  if (hasWritten && served?.stack) await markData({ key, stack: served.stack }, world);
  // Where the attempt failed and nothing serves, its place is free.
  if (served === null) world.placeFreed();
  // What does not stay up may run for the moment: it is looked at again.
  return served?.trouble?.code === "service-exited" ? { kind: "again", inMs: steadyMs } : { kind: "done" };
}

type Attempt = { preview: Preview; commit: string; attempt: Deployment; serving: StackSpec | null };

/** One attempt, as far as it goes now: it ends, waits for builds (which wake it), or is to be tried again. */
async function deploy(about: Attempt, world: World, signal: AbortSignal): Promise<RunResult | "ended"> {
  const { preview, attempt } = about;
  const { key } = preview;
  const { generation } = attempt;
  try {
    return await attemptOnce(about, world, signal);
  } catch (error) {
    if (signal.aborted) return { kind: "done" };
    const stack = world.attempts.of(key).find((each) => each.generation === generation)?.stack ?? null;
    const failure = await explainFailure(error, { key, stack }, world, signal);
    if (signal.aborted) return { kind: "done" };
    const suspects = failure.suspects?.map(({ id }) => id);
    world.log.warn({ preview: key, generation, code: failure.code, suspects, err: error }, "deployment stopped");
    return endOrRetry(about, failure, world);
  }
}

/** What only our host or the git server keeps from going on is tried again; anything else is the attempt's end. */
function endOrRetry({ preview, attempt }: Attempt, failure: Failure, world: World): RunResult | "ended" {
  if (failure.retry === "backoff") {
    // Without its engine no attempt can end better than this one: it waits.
    if (failure.code === "engine-unreachable") return { kind: "backoff" };
    const { generation } = attempt;
    const stalledAt = world.attempts.stall({ preview: preview.key, generation, why: failure.what });
    world.changed(preview.key);
    if (world.clock.now() - stalledAt < patienceMs) return { kind: "backoff" };
  }
  world.builds.release(preview.key);
  world.snapshots.release(preview.key);
  world.attempts.fail(preview.key, attempt.generation, failure);
  world.changed(preview.key);
  return "ended";
}

async function attemptOnce(about: Attempt, world: World, signal: AbortSignal): Promise<RunResult | "ended"> {
  const { preview, commit, attempt, serving } = about;
  const { key } = preview;
  const { generation } = attempt;
  const prepared = attempt.stack ?? (await prepareAndKeep(preview, { commit, serving }, world, signal));
  const gathered = await gatherImages(preview, prepared, world, signal);
  signal.throwIfAborted();
  if (gathered.kind === "failed") return endOrRetry(about, gathered.failure, world);
  const { images } = gathered;
  // Whoever puts what serves to sleep, or wakes it, ends first; from here on nobody puts it to sleep.
  await world.turns.take(key, signal, async () => undefined);
  const state = await world.engine.observe(key);
  const candidate = await reconsider(about, prepared, state, world);
  const whole = world.volumes.of(key);
  // Beside the images that are being built.
  const data = await gatherData(preview, { stack: candidate, state, images, whole }, world);
  signal.throwIfAborted();
  if (data.kind === "failed") return endOrRetry(about, data.failure, world);
  const isBuilding = gathered.kind === "building" || data.kind === "building";
  world.attempts.enter(key, generation, isBuilding ? "building" : "starting");
  world.changed(key);
  if (gathered.kind === "building" && gathered.again) return { kind: "again", inMs: pullRestMs };
  if (gathered.kind === "building" || data.kind === "building") return { kind: "done" };

  const [foreign] = unrestorable({ stack: candidate, state, images, whole });
  if (foreign !== undefined) {
    const what = `the data of before cannot come back: ${foreign} was made by another image, or is gone`;
    throw new EngineError("data-lost", what, { hint: "/reset gives the preview its data anew." });
  }
  if (!(await world.room.enter(key, "deployment"))) return { kind: "again", inMs: 2 * roomRestMs };

  const { snapshots } = data;
  const secrets = await world.secretPrints(preview, candidate);
  const nonce = world.randomId(8);
  const retired = retiredNames(key, world);
  const checked = checkedOf(preview, world);
  const beside = { whole, retired, snapshots, secrets, checked };
  const plan = planDeploy({ candidate, serving, state, images, ...beside, nonce, drainMs });
  rememberMigrations(key, plan, world);
  const run = () => runPlan(plan, { preview, stack: candidate }, world, signal);
  if (serving && touchesServing(plan, serving)) await world.turns.take(key, signal, run);
  else await run();
  return "ended";
}

/** Written down before any code of the candidate runs on the data. */
function rememberMigrations(key: string, { steps }: Plan, world: World): void {
  const stack = steps.find((step) => step.kind === "swap")?.stack;
  for (const { name, migrations } of stack?.volumes ?? [])
    if (migrations !== undefined) world.volumes.saw(key, stack?.resolved.volumes[name] ?? "", migrations);
}

/** Whether a plan replaces or makes something that a visit may bring up meanwhile: one of them waits for the other. */
function touchesServing({ steps }: Plan, { services }: StackSpec): boolean {
  return steps.some(
    (step) =>
      step.kind === "stop" ||
      step.kind === "anchor" ||
      (step.kind === "create" &&
        step.container.service.kept &&
        services.some(({ name }) => name === step.container.service.name)),
  );
}

async function prepareAndKeep(
  preview: Preview,
  from: { commit: string; serving: StackSpec | null },
  world: World,
  signal: AbortSignal,
): Promise<StackSpec> {
  const prepare = preview.spec.rollback ? recallStack : prepareStack;
  const ground = layGround(preview, from.serving, world, signal);
  try {
    const { stack, findings } = await prepare(preview, from, world, signal);
    world.attempts.prepared(preview.key, stack, findings);
    return stack;
  } finally {
    await ground;
  }
}

async function remove(preview: Preview, world: World, signal: AbortSignal): Promise<RunResult> {
  const { key, spec } = preview;
  world.gateway.withdraw(key);
  if (preview.goneAt !== null) return { kind: "done" };
  const plan = planTeardown(await world.engine.observe(key), spec.reason);
  await runPlan(plan, { preview, stack: null }, world, signal);
  const left = await world.engine.observe(key);
  if (left.containers.length + left.networks.length + left.volumes.length > 0) {
    throw new MayflyError("internal", `something of ${preview.slug} is left after its removal`, { retry: "backoff" });
  }
  world.volumes.forgetAll(key);
  world.attempts.retireAll(key);
  await world.builds.forget(key);
  world.wishes.markGone(key, spec.generation);
  world.log.info({ preview: key, reason: spec.reason }, "gone");
  world.changed(key);
  world.placeFreed();
  if (!world.wishes.isAnyToRun()) await world.engine.leaveHome();
  return { kind: "done" };
}

/** What the next run would do, for people who ask; nothing is done. */
export async function previewPlan(key: string, world: World, signal: AbortSignal): Promise<Plan> {
  const preview = world.wishes.get(key);
  if (preview === null) throw new MayflyError("not-found", `there is no preview ${key}`);
  const state = await world.engine.observe(key);
  const { wanted, commit, reason } = preview.spec;
  if (wanted !== "running" || commit === null) return planTeardown(state, reason);
  const deployments = world.attempts.of(key);
  const attempt = deployments.find((each) => each.generation === preview.spec.generation);
  const serving = servingOf(deployments)?.stack ?? null;
  if (attempt && !isUnderWay(attempt)) return planSettled(preview, serving, world);
  const prepare = preview.spec.rollback ? recallStack : prepareStack;
  const candidate = attempt?.stack ?? (await prepare(preview, { commit, serving }, world, signal)).stack;
  const found = await findImages(preview, candidate, world);
  const missing = candidate.services.filter((service) => !(service.name in found));
  const images = {
    ...found,
    ...Object.fromEntries(missing.map((service) => [service.name, { id: "to be made", ports: [], volumes: [] }])),
  };
  const whole = world.volumes.of(key);
  const data = { stack: candidate, state, images, whole };
  const there = await findSnapshots(preview, data, world);
  const snapshots = { ...expectedSnapshots(preview, data), ...there };
  const secrets = await world.secretPrints(preview, candidate);
  const retired = retiredNames(key, world);
  const given = { candidate, serving, state, images, whole, retired, snapshots, secrets };
  const plan = planDeploy({ ...given, nonce: "new", drainMs });
  const unseeded = candidate.seeds.filter(({ volume }) => volume in snapshots && !(volume in there));
  return {
    ...plan,
    missing: [
      ...missing.map(({ name, image }) => ({ make: image.kind, service: name })),
      ...unseeded.map(({ service }) => ({ make: "snapshot" as const, service })),
    ],
  };
}
