import type { Plan, Step } from "../plan/step.ts";
import { MayflyError } from "../domain/errors.ts";

export type ExecuteOptions = {
  /** Runs one step; idempotent. */
  run(step: Step, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  onStart?(step: Step): void;
  onEnd?(step: Step, outcome: "done" | "failed" | "aborted", error: unknown): void;
};

/**
 * Runs a plan's steps as soon as what each waits for is done. The first failure (or an abort from outside) starts
 * nothing more and aborts what runs; all running steps are awaited before it throws, since a call may have succeeded.
 */
export async function executePlan(plan: Plan, options: ExecuteOptions): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const done = new Set<string>();
  const running = new Map<string, Promise<void>>();
  let waiting = [...plan.steps];
  let failure: { error: unknown } | undefined;

  const fail = (error: unknown): void => {
    failure ??= { error };
    stop.abort(error);
  };
  /** Who is told may fail as well: the store's disk is full. */
  const tellEnd = (...end: Parameters<NonNullable<ExecuteOptions["onEnd"]>>): void => {
    try {
      options.onEnd?.(...end);
    } catch (error) {
      fail(error);
    }
  };
  const run = async (step: Step): Promise<void> => {
    try {
      options.onStart?.(step);
      await options.run(step, signal);
      done.add(step.id);
      tellEnd(step, "done", null);
    } catch (error) {
      const outcome = signal.aborted ? "aborted" : "failed";
      fail(error);
      tellEnd(step, outcome, error);
    }
  };

  for (;;) {
    if (!signal.aborted) {
      const due = waiting.filter((step) => step.after.every((id) => done.has(id)));
      waiting = waiting.filter((step) => !due.includes(step));
      for (const step of due) {
        const ended = run(step).finally(() => running.delete(step.id));
        running.set(step.id, ended);
      }
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  options.signal.throwIfAborted();
  if (failure) throw failure.error;
  if (waiting.length > 0) {
    throw new MayflyError("internal", `the plan waits for itself: ${waiting.map((step) => step.id).join(", ")}`);
  }
}
