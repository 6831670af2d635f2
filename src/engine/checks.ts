import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";
import { formatSpan } from "../domain/time.ts";
import type { Step } from "../plan/step.ts";
import { createContainer, removeContainer, startContainer } from "./containers.ts";
import { allow, parseTime } from "./docker.ts";
import { describeExit } from "./exits.ts";
import { tail } from "./logs.ts";
import type { StepHost, StepScope } from "./step-host.ts";

/** How a check ended; `how` goes on after its name. The newest lines that it wrote, oldest first, clean. */
export type CheckEnd = { passed: boolean; how: string; lines: string[] };

const pauseMs = 200;
const keptLines = 500;

/**
 * Runs a check's container to its end, or to the end of its time, and removes it. One that an earlier run left is
 * waited for, and its time counts from its own start. Throws EngineError for what is not the check's own failure.
 */
export async function runCheck(
  host: StepHost,
  step: Extract<Step, { kind: "check" }>,
  scope: StepScope,
): Promise<CheckEnd> {
  const { container, check } = step;
  await createContainer(host, { ...step, kind: "create" }, scope);
  const handle = host.docker.getContainer(container.name);
  const refused = await startOnce(host, handle, container.name);
  const how = refused ?? (await untilEnd(host, handle, check, scope.signal));
  const lines = await tail(host.docker, container.name, keptLines);
  const gone = { container: container.name, service: container.service.name, graceMs: 0 };
  await removeContainer(host, { ...step, ...gone, kind: "remove" }, scope);
  return { passed: how === null, how: how ?? "passed", lines };
}

/** Why it cannot be started, where that is its own fault; what ended is not started again. */
async function startOnce(host: StepHost, handle: Docker.Container, name: string): Promise<string | null> {
  const info = await allow(handle.inspect(), 404);
  if (info?.State.Status !== "created") return null;
  try {
    await startContainer(host, { container: name, service: "it" });
    return null;
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== "service-exited") throw error;
    return error.message.replace(/^it /, "");
  }
}

/** Null when it ended well, else how it ended. */
async function untilEnd(
  host: StepHost,
  handle: Docker.Container,
  { timeoutMs }: { timeoutMs: number },
  signal: AbortSignal,
): Promise<string | null> {
  for (;;) {
    signal.throwIfAborted();
    const info = await allow(handle.inspect(), 404);
    if (info === null)
      throw new EngineError("engine-refused", "a check's container was removed by somebody else", { retry: "backoff" });
    if (!info.State.Running) return info.State.ExitCode === 0 && !info.State.OOMKilled ? null : describeExit(info);
    const startedAt = parseTime(info.State.StartedAt) ?? host.clock.now();
    if (host.clock.now() - startedAt >= timeoutMs) return `was still running after ${formatSpan(timeoutMs)}`;
    await host.clock.sleep(pauseMs, signal);
  }
}
