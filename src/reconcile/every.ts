import type { Logger } from "pino";
import type { Clock } from "../domain/time.ts";

export type EveryOptions = {
  everyMs: number;
  look(): void;
  /** What is told when a look fails. */
  failed: string;
  clock: Clock;
  log: Pick<Logger, "error">;
};

/** Looks again and again until it is disposed, for what no event tells. */
export function every({ everyMs, look, failed, clock, log }: EveryOptions): AsyncDisposable {
  const stopped = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await clock.sleep(everyMs, stopped.signal).catch(() => {
        // Stopping, which is seen right below.
      });
      if (stopped.signal.aborted) return;
      try {
        look();
      } catch (error) {
        // The store could not be read: the next look may, and nothing else must end for it.
        log.error({ err: error }, failed);
      }
    }
  };
  const running = run();
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await running;
    },
  };
}
