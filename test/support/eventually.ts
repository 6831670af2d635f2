import { setTimeout as sleep } from "node:timers/promises";

/**
 * Repeats `check` until it neither throws nor answers false, and gives its answer; after `timeoutMs` the last failure is thrown.
 * Asks often at first, and seldom where it takes long: what is asked has work to do. The only wait that tests know.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 15_000, everyMs }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> {
  const begunAt = performance.now();
  const deadline = begunAt + timeoutMs;
  for (;;) {
    try {
      const answer = await check();
      if (answer !== false) return answer;
      if (performance.now() > deadline) throw new Error(`still false after ${timeoutMs} ms`);
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(everyMs ?? Math.min(100, 10 + (performance.now() - begunAt) / 20));
  }
}
