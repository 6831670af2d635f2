import type { ServiceSpec } from "./service.ts";
import type { StackSpec } from "./stack.ts";

/** Something that is run against a candidate once its page answers. */
export type CheckSpec = {
  name: string;
  /** Without its success the candidate does not take over. */
  required: boolean;
  timeoutMs: number;
  /** What is run: it ends by itself, and its exit code is the result. */
  runner: ServiceSpec;
};

/** `stopped`: it was ended before it had a result. */
export type CheckState = "running" | "passed" | "failed" | "stopped";

/** What came of a check in one attempt. */
export type CheckResult = {
  generation: number;
  name: string;
  required: boolean;
  state: CheckState;
  startedAt: number;
  endedAt: number | null;
  /** How it ended, as it goes on after its name: `exited with code 1 after 2.0 s`. */
  detail: string | null;
};

/** A check as it is shown. */
export type CheckView = Pick<CheckResult, "name" | "required" | "state" | "detail"> & { seconds: number };

/** How a check's program is named among a candidate's services. */
export function runnerName(check: string): string {
  return `check.${check}`;
}

/** All that a deployment runs: its services, and the programs of its checks. */
export function runnersOf({ services, checks = [] }: Pick<StackSpec, "services" | "checks">): ServiceSpec[] {
  return [...services, ...checks.map(({ runner }) => runner)];
}

/** The results of one attempt, in the order in which they began; `now` in epoch milliseconds. */
export function viewChecks(results: readonly CheckResult[], generation: number | undefined, now: number): CheckView[] {
  return results
    .filter((each) => each.generation === generation)
    .map(({ name, required, state, detail, startedAt, endedAt }) => {
      return { name, required, state, detail, seconds: ((endedAt ?? now) - startedAt) / 1000 };
    });
}
