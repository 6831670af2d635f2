import type { Clock } from "../domain/time.ts";

/** How a run of a key ended: settled, to be looked at again later, or failed in a way that time may heal. */
export type RunResult = { kind: "done" } | { kind: "again"; inMs: number } | { kind: "backoff"; atLeastMs?: number };

export type QueueOptions = {
  clock: Clock;
  /** Keys run side by side. */
  parallel: number;
  /** Handles its own errors; a throw is a mistake of ours and is told to `onError`, then retried with back-off. */
  run(key: string, signal: AbortSignal): Promise<RunResult>;
  onError(key: string, error: unknown): void;
  /** At least this long between two runs that hints alone make. */
  restMs?: number;
  /** First back-off, doubled each time up to `maximumMs`. */
  backoff?: { firstMs: number; maximumMs: number };
};

export type Queue = AsyncDisposable & {
  /** Runs the key as soon as there is room; added while it runs, it runs once more after. */
  add(key: string): void;
  /**
   * The same in its own time: a hint neither cuts a back-off short (what a run did itself comes back as hints) nor the
   * rest between two runs.
   */
  hint(key: string): void;
  /** Ends the key's current run, if there is one, with this reason; what it was doing is awaited. */
  abort(key: string, reason: string): void;
  /** Keys waiting or running. */
  size(): number;
  isBusy(key: string): boolean;
};

/** Keys, each at most once waiting and at most once running: any number of hints makes one run. */
export function createQueue(options: QueueOptions): Queue {
  const { clock, parallel } = options;
  const backoff = options.backoff ?? { firstMs: 1000, maximumMs: 300_000 };
  const waiting = new Set<string>();
  const running = new Map<string, AbortController>();
  const timers = new Map<string, AbortController>();
  const failures = new Map<string, number>();
  const restUntil = new Map<string, number>();
  /** Hinted at while they run: run again after, unless the run ends in a back-off. */
  const hinted = new Set<string>();
  const runs = new Set<Promise<void>>();
  let closed = false;

  const add = (key: string): void => {
    if (closed) return;
    timers.get(key)?.abort();
    timers.delete(key);
    waiting.add(key);
    pump();
  };

  const pump = (): void => {
    for (const key of waiting) {
      if (running.size >= parallel) return;
      if (running.has(key)) continue;
      waiting.delete(key);
      const control = new AbortController();
      running.set(key, control);
      const run = runOne(key, control.signal).finally(() => {
        running.delete(key);
        runs.delete(run);
        if (options.restMs !== undefined) restUntil.set(key, clock.now() + options.restMs);
        if (hinted.delete(key)) hint(key);
        pump();
      });
      runs.add(run);
    }
  };

  const hint = (key: string): void => {
    if (running.has(key)) {
      hinted.add(key);
      return;
    }
    if (timers.has(key)) return;
    const restMs = (restUntil.get(key) ?? 0) - clock.now();
    if (restMs > 0) addLater(key, restMs);
    else add(key);
  };

  const runOne = async (key: string, signal: AbortSignal): Promise<void> => {
    const result = await options.run(key, signal).catch((error: unknown): RunResult => {
      if (!signal.aborted) options.onError(key, error);
      return signal.aborted ? { kind: "done" } : { kind: "backoff" };
    });
    if (result.kind === "done") failures.delete(key);
    if (result.kind === "again") addLater(key, result.inMs);
    if (result.kind === "backoff") {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      addLater(key, Math.max(result.atLeastMs ?? 0, Math.min(backoff.firstMs * 2 ** count, backoff.maximumMs)));
    }
  };

  const addLater = (key: string, ms: number): void => {
    if (closed) return;
    timers.get(key)?.abort();
    const timer = new AbortController();
    timers.set(key, timer);
    clock.sleep(ms, timer.signal).then(
      () => add(key),
      () => {
        // Aborted: the key was added earlier by something else, or the queue closed.
      },
    );
  };

  return {
    add,
    hint,
    abort: (key, reason) => running.get(key)?.abort(new DOMException(reason, "AbortError")),
    size: () => waiting.size + running.size,
    isBusy: (key) => waiting.has(key) || running.has(key),
    async [Symbol.asyncDispose]() {
      closed = true;
      waiting.clear();
      for (const timer of timers.values()) timer.abort();
      for (const control of running.values()) control.abort(new DOMException("Mayfly is stopping", "AbortError"));
      await Promise.allSettled(runs);
    },
  };
}
