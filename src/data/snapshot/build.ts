import type Docker from "dockerode";
import { EngineError } from "../../domain/errors.ts";
import { snapshotLabels } from "../../domain/labels.ts";
import type { Snapshot, Trust } from "../../domain/stack.ts";
import { splitParts } from "../../domain/seed.ts";
import type { ServiceSpec } from "../../domain/service.ts";
import { formatSpan } from "../../domain/time.ts";
import { containerOptions } from "../../engine/container-options.ts";
import { startContainer } from "../../engine/containers.ts";
import { readOwnership } from "../../engine/directory.ts";
import { allow } from "../../engine/docker.ts";
import { describeExit } from "../../engine/exits.ts";
import { tail } from "../../engine/logs.ts";
import { awaitReady } from "../../engine/readiness.ts";
import type { Subnets } from "../../engine/subnets.ts";
import type { ContainerPlan } from "../../plan/step.ts";
import type { SnapshotWish } from "../../domain/snapshot.ts";
import type { DataHost } from "../data-host.ts";
import { ensureVolume } from "../data-volume.ts";
import { runSeed, type SeedScope, settle, toolOf } from "../seed/load.ts";
import { seedFailed, tellingLine } from "../seed/tool.ts";

/** Whose snapshot it is, the name of its volume, and where the seed's files are read. */
export type SnapshotBuild = {
  wish: SnapshotWish;
  owner: { repositoryId: number; trust: Trust };
  volume: string;
} & Pick<SeedScope, "openSource" | "openEdition">;

/** Where the networks of builders come from, beside the engine. */
export type SnapshotHost = DataHost & { subnets: Subnets };

/** A database that is asked to end writes down what it holds in memory; it gets at least this long. */
const stopMs = 60_000;
/** Never by the engine: the check is run by us. */
const neverMs = 24 * 3_600_000;

/** What a snapshot is built with, by the name of its volume. */
export function builderParts(volume: string): { builder: string; program: string; network: string } {
  return { builder: `${volume}.builder`, program: `${volume}.program`, network: `${volume}.net` };
}

/**
 * Fills a new volume: the service as the stack declares it, but reached by nobody but its seed's programs and reaching
 * nobody, is seeded and stopped cleanly; it is not even started for what only lies in the volume. Whatever goes wrong,
 * nothing is left. Throws EngineError `seed-failed`, `service-exited`, `service-not-ready`.
 */
export async function buildSnapshot(host: SnapshotHost, build: SnapshotBuild, signal: AbortSignal): Promise<Snapshot> {
  const { docker, server } = host;
  const { wish, volume } = build;
  const { repositoryId, trust } = build.owner;
  const owner = { server, repository: String(repositoryId), trust, key: wish.key };
  const helpers = snapshotLabels(owner, "helper");
  try {
    await ensureVolume(docker, { name: volume, labels: snapshotLabels(owner, "snapshot") });
    const isAccompanied = Object.keys(wish.programs).length > 0;
    if (isAccompanied) await createBuilderNetwork(host, { volume, labels: helpers });
    const plan = builderPlan(wish, volume);
    const addresses = {};
    const options = { ...containerOptions(plan, { server, preview: "", project: "", addresses }), Labels: helpers };
    signal.throwIfAborted();
    const call = { _query: { name: plan.name }, _body: options };
    await docker.createContainer(call as Docker.ContainerCreateOptions);
    await fill(host, { build, plan, labels: helpers }, signal);
    const root = await readOwnership(docker, plan.name, targetOf(wish));
    await discardBuilder(docker, volume);
    return { key: wish.key, volume, seed: wish.seed.content, root };
  } catch (error) {
    await discardSnapshot(docker, volume);
    throw error;
  }
}

/** Removes a snapshot's volume and what was building it; gone already is success. */
export async function discardSnapshot(docker: Docker, volume: string): Promise<void> {
  await discardBuilder(docker, volume);
  // In use still: the next sweep takes it, and nothing else ever does.
  await allow(docker.getVolume(volume).remove(), 404, 409);
}

async function discardBuilder(docker: Docker, volume: string): Promise<void> {
  const { builder, program, network } = builderParts(volume);
  for (const name of [program, builder])
    await allow(docker.getContainer(name).remove({ force: true, v: true }), 404, 409);
  await allow(docker.getNetwork(network).remove(), 404, 403);
}

/**
 * Nobody else is in it, and nothing leads out of it: not even this host has an address there, which an internal network
 * alone would give it, with all that listens on the host (`com.docker.network.bridge.inhibit_ipv4`, bridge driver).
 */
async function createBuilderNetwork(
  { docker, subnets }: SnapshotHost,
  { volume, labels }: { volume: string; labels: Record<string, string> },
): Promise<void> {
  const Name = builderParts(volume).network;
  await subnets.take(2, (Subnet) =>
    docker.createNetwork({
      Name,
      Driver: "bridge",
      Internal: true,
      Options: { "com.docker.network.bridge.inhibit_ipv4": "true" },
      IPAM: { Driver: "default", Config: [{ Subnet }] },
      Labels: labels,
    }),
  );
}

type Filling = { build: SnapshotBuild; plan: ContainerPlan; labels: Record<string, string> };

async function fill(host: SnapshotHost, { build, plan, labels }: Filling, signal: AbortSignal): Promise<void> {
  const { wish, openSource, openEdition } = build;
  const { service, seed, readyTimeoutMs } = wish;
  const withoutSecrets = Object.fromEntries(
    Object.entries(wish.programs).map(([name, program]) => [name, program.withoutSecrets]),
  );
  const scope = { signal, openSource, openEdition, labels, withoutSecrets };
  const about = { container: plan.name, service: plan.service, programs: programPlans(wish, build.volume) };
  const [early, late] = splitParts(seed.parts, service);
  await runSeed(host, { ...about, seed: { ...seed, parts: early } }, scope);
  // A dump has to be read once: what is wrong with it is known then.
  if (late.length === 0 && seed.parts.every((part) => part.kind !== "file")) return;
  await startContainer(host, { container: plan.name, service: service.name });
  const readiness = { ...about, condition: "healthy" as const, mayEnd: false, ports: [], network: "" };
  await awaitReady(host, { ...readiness, timeoutMs: readyTimeoutMs }, signal).catch((error: unknown) => {
    throw refusedDump(error, wish) ?? error;
  });
  await runSeed(host, { ...about, seed: { ...seed, parts: late } }, scope);
  await settle(host, { ...about, seed }, signal);
  signal.throwIfAborted();
  await stop(host, { service, container: plan.name });
}

/** Why a service that was to start with a dump did not: nothing else of it came from the repository. */
function refusedDump(error: unknown, { service, seed }: SnapshotWish): EngineError | null {
  const dump = seed.parts.find((part) => part.kind === "file" && part.form === "rdb");
  if (dump?.kind !== "file" || !(error instanceof EngineError) || error.code !== "service-exited") return null;
  const what = tellingLine(error.logTail) ?? error.message;
  return seedFailed(service.name, { where: dump.path, what, lines: error.logTail });
}

async function stop(
  { docker }: SnapshotHost,
  { service, container }: { service: ServiceSpec; container: string },
): Promise<void> {
  const graceMs = Math.max(service.stopGraceMs ?? 0, stopMs);
  await allow(docker.getContainer(container).stop({ t: Math.ceil(graceMs / 1000) }), 304);
  const info = await docker.getContainer(container).inspect();
  if (info.State.ExitCode === 0 && !info.State.OOMKilled) return;
  const what = `${service.name} did not stop cleanly within ${formatSpan(graceMs)} after its seed: it ${describeExit(info)}`;
  throw new EngineError("seed-failed", what, { service: service.name, logTail: await tail(docker, container, 20) });
}

/** The service as it is, but alone: nobody else's network, no restart, and asked whether it is ready in the database's own way. */
function builderPlan(wish: SnapshotWish, volume: string): ContainerPlan {
  const { service, imageId } = wish;
  const database = { environment: new Map(Object.entries(service.environment)), command: service.command ?? [] };
  const check = toolOf(service)?.readyCheck(database);
  const often = { intervalMs: neverMs, timeoutMs: 10_000, retries: 1, startPeriodMs: 0, startIntervalMs: null };
  const healthcheck = check === undefined ? ("none" as const) : { test: ["CMD", ...check], ...often };
  const { builder: name } = builderParts(volume);
  const aliases = service.networks.flatMap((each) => each.aliases);
  return containerPlan({ ...service, restart: "no", healthcheck }, { name, imageId, aliases }, { wish, volume });
}

/** Under names of their own: the database is found by its service's. */
function programPlans(wish: SnapshotWish, volume: string): Record<string, ContainerPlan> {
  const { program: name } = builderParts(volume);
  const plans = Object.entries(wish.programs).map(([of, { service, imageId }]) => {
    const alone = { ...service, name: `${of}-seed` };
    return [of, containerPlan(alone, { name, imageId, aliases: [] }, { wish, volume })] as const;
  });
  return Object.fromEntries(plans);
}

function containerPlan(
  service: ServiceSpec,
  { name, imageId, aliases }: { name: string; imageId: string; aliases: string[] },
  { wish, volume }: { wish: SnapshotWish; volume: string },
): ContainerPlan {
  const { network } = builderParts(volume);
  const isAccompanied = Object.keys(wish.programs).length > 0;
  return {
    name,
    service,
    specHash: "",
    imageId,
    generation: 0,
    attachments: isAccompanied ? [{ network, aliases, index: null }] : [],
    volumes: { [wish.seed.volume]: volume },
  };
}

function targetOf({ service, seed }: SnapshotWish): string {
  const mount = service.mounts.find((each) => each.kind === "volume" && each.volume === seed.volume);
  return (mount?.target ?? "/").replace(/\/+$/, "");
}
