import type { TimelineEvent } from "../domain/preview.ts";

/** A deployment that became ready, failed, or was overtaken by a newer wish. Times in epoch milliseconds. */
export type DeploymentEnd = {
  preview: string;
  generation: number;
  commit: string;
  cause: string;
  startedAt: number;
  endedAt: number;
  outcome: "ready" | "failed" | "superseded";
  /** Of the failure. */
  code: string | null;
};

/** One step of a deployment's timeline that ended. */
export type StepEnd = Omit<TimelineEvent, "endedAt" | "outcome"> & {
  endedAt: number;
  outcome: "done" | "failed" | "aborted";
};

/** The kind of work: `build web` and `build api` are both `build`. */
export function phaseOf(step: Pick<StepEnd, "name">): string {
  return step.name.split(" ")[0] ?? step.name;
}
