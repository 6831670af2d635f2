import { EngineError } from "../domain/errors.ts";
import { formatSpan } from "../domain/time.ts";
import type { Step } from "../plan/step.ts";
import { createContainer, startContainer } from "./containers.ts";
import { allow, parseTime } from "./docker.ts";
import { describeExit } from "./exits.ts";
import { cleanLine } from "./log-lines.ts";
import { tail } from "./logs.ts";
import type { StepHost, StepScope } from "./step-host.ts";

/** How a check ended; `how` goes on after its name. The newest lines that it wrote, oldest first, clean. */
export type CheckEnd = { passed: boolean; how: string; lines: string[] };

const keptLines = 500;

/**
 * Makes a check's container and starts it, once: what an earlier run left goes on, or has ended. That its command cannot
 * be run is how it ended. Throws EngineError for what is not the check's own failure.
 */
export async function startCheck(
  host: StepHost,
  step: Extract<Step, { kind: "check" }>,
  scope: StepScope,
): Promise<void> {
  const { name: container } = step.container;
  await createContainer(host, { ...step, kind: "create" }, scope);
  const info = await allow(host.docker.getContainer(container).inspect(), 404);
  if (info?.State.Status !== "created") return;
  await startContainer(host, { container, service: "it" }).catch((error: unknown) => {
    // The engine remembers why: that is its end.
    if (!(error instanceof EngineError) || error.code !== "service-exited") throw error;
  });
}

/** How a check ended, by itself or by its time, which counts from its own start. Throws EngineError. */
export async function endOfCheck(
  { docker, clock }: Pick<StepHost, "docker" | "clock">,
  { container, timeoutMs }: { container: string; timeoutMs: number },
): Promise<CheckEnd | "running" | "gone"> {
  const info = await allow(docker.getContainer(container).inspect(), 404);
  if (info === null) return "gone";
  const { Status, Running, ExitCode, Error: refusal, OOMKilled, StartedAt } = info.State;
  if (Status === "created") {
    if (ExitCode === 0) return "running";
    return { passed: false, how: `could not be started: ${cleanLine(refusal).slice(0, 1000)}`, lines: [] };
  }
  const isLate = clock.now() - (parseTime(StartedAt) ?? clock.now()) >= timeoutMs;
  if (Running && !isLate) return "running";
  const lines = await tail(docker, container, keptLines);
  if (Running) return { passed: false, how: `was still running after ${formatSpan(timeoutMs)}`, lines };
  const passed = ExitCode === 0 && !OOMKilled;
  return { passed, how: passed ? "passed" : describeExit(info), lines };
}
