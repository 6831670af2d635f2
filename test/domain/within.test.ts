import { expect, test } from "vitest";
import { within } from "../../src/domain/time.ts";

/** Counts the timers that are running. */
function countingClock() {
  let running = 0;
  const sleep = (_ms: number, signal?: AbortSignal) =>
    new Promise<void>((_, reject) => {
      running += 1;
      signal?.addEventListener("abort", () => {
        running -= 1;
        reject(signal.reason as Error);
      });
    });
  return { sleep, running: () => running };
}

test("what settles in time leaves no timer behind, which would keep a stopping process for as long", async () => {
  const clock = countingClock();
  await within(Promise.resolve(), { timeoutMs: 30_000, signal: new AbortController().signal, clock });
  expect(clock.running()).toBe(0);
});

test("what does not settle is waited for no longer than said, and given up when aborted", async () => {
  const never = new Promise<void>(() => {});
  const { signal } = new AbortController();
  await within(never, { timeoutMs: 1, signal, clock: { sleep: async () => {} } });
  const newer = new AbortController();
  const clock = countingClock();
  const waiting = within(never, { timeoutMs: 30_000, signal: newer.signal, clock });
  newer.abort(new Error("a newer wish"));
  await expect(waiting).rejects.toThrow("a newer wish");
  expect(clock.running()).toBe(0);
});
