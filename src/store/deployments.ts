import type { Failure } from "../domain/errors.ts";
import type { Deployment, DeploymentPhase } from "../domain/preview.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { Database } from "./database.ts";

/** The attempts: one row a generation. `ready_at` is the commit point of the swap. */
export function createDeploymentStore(database: Database) {
  return {
    /** Of one preview, oldest first. */
    of: (preview: string): Deployment[] =>
      database.all("select * from deployments where preview = ? order by generation", preview).map(parse),

    /** Begins an attempt, or finds it begun (after a restart). */
    begin(attempt: Pick<Deployment, "preview" | "generation" | "commit" | "cause" | "origin">, now: number): void {
      database.run(
        `insert into deployments (preview, generation, commit_id, cause, origin, phase, started_at)
         values (?, ?, ?, ?, ?, 'pending', ?)
         on conflict do nothing`,
        attempt.preview,
        attempt.generation,
        attempt.commit,
        attempt.cause,
        attempt.origin ?? null,
        now,
      );
    },

    /** Keeps what was rendered, so that a restart needs neither git nor forge. */
    prepared(preview: string, stack: StackSpec, findings: Failure["findings"]): void {
      database.run(
        "update deployments set stack = ?, findings = ? where preview = ? and generation = ?",
        JSON.stringify(stack),
        JSON.stringify(findings),
        preview,
        stack.generation,
      );
    },

    /** A phase that it was not in is progress. */
    enter: (preview: string, generation: number, phase: "building" | "starting"): number =>
      database.run(
        "update deployments set phase = ?, stalled_at = null, stalled_for = null where preview = ? and generation = ? and phase <> ?",
        phase,
        preview,
        generation,
        phase,
      ),

    /** It cannot go on for now, and why; answers since when that is so. */
    stall({ preview, generation, why }: { preview: string; generation: number; why: string }, now: number): number {
      const row = database.get(
        `update deployments set stalled_at = coalesce(stalled_at, ?), stalled_for = ? where preview = ? and generation = ?
         returning stalled_at`,
        now,
        why,
        preview,
        generation,
      );
      return (row?.["stalled_at"] as number | undefined) ?? now;
    },

    /** The commit point: from here on the gateway routes to this generation. Never again for one that ended. */
    commit: (preview: string, stack: StackSpec, now: number): boolean =>
      database.run(
        `update deployments set phase = 'ready', ready_at = ?, failure = null, stack = ?
         where preview = ? and generation = ? and phase in ('pending', 'building', 'starting')`,
        now,
        JSON.stringify(stack),
        preview,
        stack.generation,
      ) === 1,

    fail(preview: string, generation: number, failure: Failure, now: number): void {
      database.run(
        `update deployments set phase = 'failed', ended_at = ?, failure = ?
         where preview = ? and generation = ? and phase in ('pending', 'building', 'starting')`,
        now,
        JSON.stringify(failure),
        preview,
        generation,
      );
    },

    /** Why what serves cannot be kept whole, or null when it can; answers whether that is new. */
    trouble(preview: string, generation: number, failure: Failure | null): boolean {
      const text = failure && JSON.stringify(failure);
      return (
        database.run(
          "update deployments set trouble = ? where preview = ? and generation = ? and trouble is not ?",
          text,
          preview,
          generation,
          text,
        ) === 1
      );
    },

    /** Attempts that a newer wish overtook. */
    supersede: (preview: string, below: number, now: number): number =>
      database.run(
        `update deployments set phase = 'superseded', ended_at = ?
         where preview = ? and generation < ? and phase in ('pending', 'building', 'starting')`,
        now,
        preview,
        below,
      ),

    /** Nothing of the preview runs any more. */
    retireAll: (preview: string, now: number): number =>
      database.run(
        "update deployments set phase = 'superseded', ended_at = coalesce(ended_at, ?) where preview = ? and phase <> 'failed'",
        now,
        preview,
      ),
  };
}

function parse(row: Record<string, unknown>): Deployment {
  const json = <T>(value: unknown): T | null => (typeof value === "string" ? (JSON.parse(value) as T) : null);
  return {
    preview: row["preview"] as string,
    generation: row["generation"] as number,
    commit: row["commit_id"] as string,
    cause: row["cause"] as string,
    origin: row["origin"] as number | null,
    phase: row["phase"] as DeploymentPhase,
    startedAt: row["started_at"] as number,
    readyAt: row["ready_at"] as number | null,
    endedAt: row["ended_at"] as number | null,
    failure: json<Failure>(row["failure"]),
    stalledFor: row["stalled_for"] as string | null,
    trouble: json<Failure>(row["trouble"]),
    findings: json<Failure["findings"]>(row["findings"]) ?? [],
    stack: json<StackSpec>(row["stack"]),
  };
}
