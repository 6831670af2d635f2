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

  const run = async (step: Step): Promise<void> => {
    options.onStart?.(step);
    try {
      await options.run(step, signal);
      done.add(step.id);
      options.onEnd?.(step, "done", null);
    } catch (error) {
      options.onEnd?.(step, signal.aborted ? "aborted" : "failed", error);
      failure ??= { error };
      stop.abort(error);
    } finally {
      running.delete(step.id);
    }
  };

  for (;;) {
    if (!signal.aborted) {
      const due = waiting.filter((step) => step.after.every((id) => done.has(id)));
      waiting = waiting.filter((step) => !due.includes(step));
      for (const step of due) running.set(step.id, run(step));
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
