import type Docker from "dockerode";
import { EngineError } from "../../domain/errors.ts";
import { snapshotLabels } from "../../domain/labels.ts";
import type { Snapshot, Trust } from "../../domain/stack.ts";
import { formatSpan } from "../../domain/time.ts";
import { containerOptions } from "../../engine/container-options.ts";
import { startContainer } from "../../engine/containers.ts";
import { readOwnership } from "../../engine/directory.ts";
import { allow } from "../../engine/docker.ts";
import { describeExit } from "../../engine/exits.ts";
import { tail } from "../../engine/logs.ts";
import { awaitReady } from "../../engine/readiness.ts";
import type { ContainerPlan } from "../../plan/step.ts";
import type { SnapshotWish } from "../../domain/snapshot.ts";
import type { DataHost } from "../data-host.ts";
import { ensureVolume } from "../data-volume.ts";
import { isPostgres, readyCheck } from "../seed/postgres.ts";
import { runSeed, unsupported } from "../seed/load.ts";

/** Whose snapshot it is, the name of its volume, and where the seed's files are read. */
export type SnapshotBuild = {
  wish: SnapshotWish;
  owner: { repositoryId: number; trust: Trust };
  volume: string;
  readSource(path: string): Promise<string>;
};

/** A database that is asked to end writes down what it holds in memory; it gets at least this long. */
const stopMs = 60_000;
/** Never by the engine: the check is run by us. */
const neverMs = 24 * 3_600_000;

/** The container that builds a snapshot. */
export function builderName(volume: string): string {
  return `${volume}.builder`;
}

/**
 * Fills a new volume: the service as the stack declares it, but reached by nobody and reaching nobody, is started,
 * seeded and stopped cleanly. Whatever goes wrong, nothing is left. Throws EngineError `seed-failed`,
 * `service-exited`, `service-not-ready`.
 */
export async function buildSnapshot(host: DataHost, build: SnapshotBuild, signal: AbortSignal): Promise<Snapshot> {
  const { docker, server } = host;
  const { wish, volume } = build;
  if (!isPostgres(wish.service)) throw unsupported(wish.service.name);
  const owner = {
    server,
    repository: String(build.owner.repositoryId),
    trust: build.owner.trust,
    key: wish.key,
  };
  try {
    await ensureVolume(docker, { name: volume, labels: snapshotLabels(owner, "snapshot") });
    const plan = builderPlan(wish, volume);
    const options = {
      ...containerOptions(plan, { server, preview: "", project: "", addresses: {} }),
      Labels: snapshotLabels(owner, "helper"),
    };
    signal.throwIfAborted();
    const call = { _query: { name: plan.name }, _body: options };
    const container = await docker.createContainer(call as Docker.ContainerCreateOptions);
    const root = await fill(host, { build, plan, container }, signal);
    await allow(container.remove({ force: true, v: true }), 404, 409);
    return { key: wish.key, volume, seed: wish.seed.content, root };
  } catch (error) {
    await discardSnapshot(docker, volume);
    throw error;
  }
}

/** Removes a snapshot's volume and the container that was building it; gone already is success. */
export async function discardSnapshot(docker: Docker, volume: string): Promise<void> {
  await allow(docker.getContainer(builderName(volume)).remove({ force: true, v: true }), 404, 409);
  // In use still: the next sweep takes it, and nothing else ever does.
  await allow(docker.getVolume(volume).remove(), 404, 409);
}

type Filling = { build: SnapshotBuild; plan: ContainerPlan; container: Docker.Container };

async function fill(
  host: DataHost,
  { build, plan, container }: Filling,
  signal: AbortSignal,
): Promise<Snapshot["root"]> {
  const { wish, readSource } = build;
  const { service, readyTimeoutMs } = wish;
  const about = { container: plan.name, service: plan.service };
  await startContainer(host, { container: plan.name, service: service.name });
  const readiness = { ...about, condition: "healthy" as const, mayEnd: false, ports: [], network: "" };
  await awaitReady(host, { ...readiness, timeoutMs: readyTimeoutMs }, signal);
  await runSeed(host, { ...about, seed: wish.seed }, { signal, readSource });
  signal.throwIfAborted();
  const graceMs = Math.max(service.stopGraceMs ?? 0, stopMs);
  await allow(container.stop({ t: Math.ceil(graceMs / 1000) }), 304);
  const info = await container.inspect();
  if (info.State.ExitCode !== 0 || info.State.OOMKilled) {
    const what = `${service.name} did not stop cleanly within ${formatSpan(graceMs)} after its seed: it ${describeExit(info)}`;
    const logTail = await tail(host.docker, plan.name, 20);
    throw new EngineError("seed-failed", what, { service: service.name, logTail });
  }
  return await readOwnership(host.docker, plan.name, targetOf(wish));
}

/** The service as it is, but alone: no network, no restart, and asked whether it is ready in the database's own way. */
function builderPlan({ service, imageId, seed }: SnapshotWish, volume: string): ContainerPlan {
  const test = ["CMD", ...readyCheck(new Map(Object.entries(service.environment)))];
  const healthcheck = {
    test,
    intervalMs: neverMs,
    timeoutMs: 10_000,
    retries: 1,
    startPeriodMs: 0,
    startIntervalMs: null,
  };
  return {
    name: builderName(volume),
    service: { ...service, restart: "no", healthcheck },
    specHash: "",
    imageId,
    generation: 0,
    attachments: [],
    volumes: { [seed.volume]: volume },
  };
}

function targetOf({ service, seed }: SnapshotWish): string {
  const mount = service.mounts.find((each) => each.kind === "volume" && each.volume === seed.volume);
  return (mount?.target ?? "/").replace(/\/+$/, "");
}
