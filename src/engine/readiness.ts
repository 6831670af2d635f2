import type Docker from "dockerode";
import { catalogue } from "../domain/catalogue.ts";
import { EngineError } from "../domain/errors.ts";
import type { HealthLook } from "../domain/facts.ts";
import { type Clock, formatSpan } from "../domain/time.ts";
import type { Readiness } from "../plan/step.ts";
import { watchPorts } from "./accepting.ts";
import { allow } from "./docker.ts";
import { execute } from "./exec.ts";
import { describeExit, timesInWords } from "./exits.ts";
import { tail } from "./logs.ts";

type Host = { docker: Docker; clock: Clock };

/** What one look found: ready, or what is missing still and when another look is worth it. */
type Look =
  | { ready: true }
  | { ready: false; seen: string; health?: HealthLook; pauseMs?: number; isWorthItAtTheEnd?: true };

const ready: Look = { ready: true };
/** A health check costs the engine about 50 ms of CPU each time it is run. */
const healthPauseMs = 100;
const defaultHealthTimeoutMs = 30_000;
const logLines = 20;
/** Most services are ready within seconds and are waited for closely that long; a look costs the engine 1 to 2 ms. */
const closelyMs = 10_000;
const pauseMs = 15;
/** Whoever waits for an end looks this often beside being told. */
const endLookMs = 1000;
const hopelessRestarts = 8;

/**
 * Waits until a service is what its dependents wait for: it ended with 0, or its health check passes and its promised
 * ports accept TCP at the container's own address. Throws EngineError `service-exited`, `job-failed` or
 * `service-not-ready` with what was seen last and the last log lines.
 */
export async function awaitReady(host: Host, readiness: Readiness, signal: AbortSignal): Promise<void> {
  const deadline = host.clock.now() + readiness.timeoutMs;
  let lastExit: string | null = null;
  const startedAt = host.clock.now();
  const lookAtPorts = watchPorts(host.clock, readiness);
  for (;;) {
    signal.throwIfAborted();
    const info = await inspect(host.docker, readiness);
    if (info.State.Restarting) lastExit = describeExit(info);
    const look = await lookAt(host, readiness, { info, lookAtPorts }, signal);
    if (look.ready) return;
    const leftMs = deadline - host.clock.now();
    if (leftMs <= 0) throw await notReady(host, readiness, look, exits(info, lastExit));
    if (look.isWorthItAtTheEnd) {
      await untilEnd(host, readiness.container, { ms: Math.min(leftMs, endLookMs), signal });
      continue;
    }
    const idleMs = host.clock.now() - startedAt < closelyMs ? pauseMs : 250;
    await host.clock.sleep(Math.min(leftMs, look.pauseMs ?? idleMs), signal);
  }
}

/** The engine tells an end at once; asking again and again would take its time. */
async function untilEnd(
  { docker }: Host,
  container: string,
  { ms, signal }: { ms: number; signal: AbortSignal },
): Promise<void> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(ms))]);
  try {
    await allow(docker.getContainer(container).wait({ abortSignal: over }), 404);
  } catch (error) {
    if (!over.aborted) throw error;
  }
}

/** Throws EngineError `service-exited` for a service that was ready and ended for good. */
export async function requireUp(host: Host, readiness: Readiness): Promise<void> {
  const info = await inspect(host.docker, readiness);
  if (endOf(info, readiness) === "bad") throw await exited(host, readiness, info);
}

/**
 * Waits until a service's promised ports accept TCP, it ended, or its time is over: whoever asks is started then, as
 * Compose would have done long before.
 */
export async function awaitListening(
  { docker, clock }: Host,
  readiness: Readiness,
  signal: AbortSignal,
): Promise<void> {
  const deadline = clock.now() + readiness.timeoutMs;
  const lookAtPorts = watchPorts(clock, readiness);
  for (;;) {
    signal.throwIfAborted();
    const info = await allow(docker.getContainer(readiness.container).inspect(), 404);
    const { Running, Restarting } = info?.State ?? {};
    if (!info || (!Running && !Restarting)) return;
    if ((await lookAtPorts(info, signal)).ready || clock.now() >= deadline) return;
    await clock.sleep(pauseMs, signal);
  }
}

async function inspect(docker: Docker, { container, service }: Readiness): Promise<Docker.ContainerInspectInfo> {
  const info = await allow(docker.getContainer(container).inspect(), 404);
  if (info) return info;
  throw new EngineError("service-exited", `${service.name} was removed by somebody else before it was ready`, {
    service: service.name,
    retry: "backoff",
  });
}

type Seen = {
  info: Docker.ContainerInspectInfo;
  lookAtPorts: ReturnType<typeof watchPorts>;
};

async function lookAt(
  host: Host,
  readiness: Readiness,
  { info, lookAtPorts }: Seen,
  signal: AbortSignal,
): Promise<Look> {
  const { condition } = readiness;
  const { Status } = info.State;
  const end = endOf(info, readiness);
  if (end === "good") return ready;
  if (end === "bad") throw await exited(host, readiness, info);
  if (Status === "restarting") return { ready: false, seen: "it is being restarted" };
  if (Status !== "running") return { ready: false, seen: `it is ${Status}` };
  switch (condition) {
    case "completed":
      return { ready: false, seen: "it still runs", isWorthItAtTheEnd: true };
    case "healthy": {
      const ports = await lookAtPorts(info, signal);
      if (!ports.ready) return ports;
      const health = readiness.hadPassed ? ready : await lookAtHealth(host, readiness, info, signal);
      return health.ready ? await stillUp(host, readiness, info) : health;
    }
  }
}

/** The address of one that ended meanwhile may be another's, which is what answered. */
async function stillUp(
  { docker }: Host,
  readiness: Readiness,
  { State: { StartedAt } }: Docker.ContainerInspectInfo,
): Promise<Look> {
  const { State } = await inspect(docker, readiness);
  return State.Running && State.StartedAt === StartedAt ? ready : { ready: false, seen: "it ended while it was asked" };
}

/** How it ended for good; null while it runs or may come back. */
function endOf(
  { State: { Status, ExitCode }, RestartCount }: Docker.ContainerInspectInfo,
  { condition, mayEnd }: Readiness,
): "good" | "bad" | null {
  // The engine says `restarting` of what it will start again, so `exited` is final.
  if (Status === "exited" || Status === "dead")
    return ExitCode === 0 && (condition === "completed" || mayEnd) ? "good" : "bad";
  // Eight restarts take the engine some 25 s: what it waited for, if anything, would be there by now.
  return Status === "restarting" && RestartCount >= hopelessRestarts ? "bad" : null;
}

/** Runs the declared check (the image's, when the stack declares none) ourselves, not at the engine's interval. */
async function lookAtHealth(
  host: Host,
  readiness: Readiness,
  info: Docker.ContainerInspectInfo,
  signal: AbortSignal,
): Promise<Look> {
  const declared = info.Config.Healthcheck;
  const command = healthCommand(declared?.Test ?? []);
  if (command === null) return ready;
  const told = declared?.Test?.slice(1).join(" ") ?? "";
  const named = `its health check \`${told.replaceAll(/[`\s]+/g, " ").slice(0, 100)}\``;
  const timeoutMs = (declared?.Timeout ?? 0) / 1e6 || defaultHealthTimeoutMs;
  const limit = AbortSignal.timeout(Math.ceil(timeoutMs));
  try {
    const { exitCode, lines } = await execute(host, readiness.container, {
      command,
      signal: AbortSignal.any([signal, limit]),
    });
    if (exitCode === 0) return ready;
    const said = (lines.findLast((line) => line.trim() !== "") ?? "").slice(0, 300);
    const seen = `${named} ended with ${exitCode}${said === "" ? "" : `: ${said}`}`;
    return { ready: false, seen, health: { command: told, exitCode, said }, pauseMs: healthPauseMs };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) {
      // The engine cannot end a program inside a container: another one is not added at once.
      const health = { command: told, exitCode: null, said: "" };
      return { ready: false, seen: `${named} took longer than ${formatSpan(timeoutMs)}`, health, pauseMs: timeoutMs };
    }
    // It may have ended in between: the next look tells.
    if (error instanceof EngineError && error.code === "engine-refused") {
      return { ready: false, seen: `${named} could not be run`, pauseMs: healthPauseMs };
    }
    throw error;
  }
}

function healthCommand(test: string[]): string[] | null {
  const [form, ...rest] = test;
  if (form === "CMD") return rest;
  if (form === "CMD-SHELL") return ["/bin/sh", "-c", rest.join(" ")];
  return null;
}

async function exited(
  host: Host,
  { container, service, condition }: Readiness,
  info: Docker.ContainerInspectInfo,
): Promise<EngineError> {
  const code = condition === "completed" ? "job-failed" : "service-exited";
  const what = `${service.name} ${describeExit(info)}${timesInWords(info.RestartCount + 1)}`;
  return new EngineError(code, what, { service: service.name, logTail: await tail(host.docker, container, logLines) });
}

async function notReady(
  host: Host,
  readiness: Readiness,
  look: Look & { ready: false },
  exits: string | null,
): Promise<EngineError> {
  const { container, service } = readiness;
  const what = exits ?? look.seen;
  return new EngineError(
    "service-not-ready",
    `${service.name} did not become ready in ${formatSpan(readiness.timeoutMs)}: ${what}`,
    {
      ...(exits !== null && { hint: catalogue["service-exited"].hint }),
      service: service.name,
      logTail: await tail(host.docker, container, logLines),
      health: look.health,
    },
  );
}

function exits(info: Docker.ContainerInspectInfo, lastExit: string | null): string | null {
  return lastExit === null ? null : `it ${lastExit}${timesInWords(info.RestartCount)}`;
}
