import type { Clock } from "../../src/domain/time.ts";

export type FakeClock = Clock & {
  /** Moves time on and wakes whoever sleeps until then. */
  advance(ms: number): Promise<void>;
};

/** A clock that stands still until it is moved: one of the four seams where a test may stand in. */
export function fakeClock(start = 1_700_000_000_000): FakeClock {
  let time = start;
  let sleepers: { at: number; wake: () => void }[] = [];
  return {
    now: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const sleeper = { at: time + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers = sleepers.filter((each) => each !== sleeper);
          reject(signal.reason as Error);
        });
      }),
    async advance(ms) {
      time += ms;
      const due = sleepers.filter((each) => each.at <= time);
      sleepers = sleepers.filter((each) => each.at > time);
      for (const each of due) each.wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
