/**
 * Runs `work` when everything asked for earlier under the same key has ended, and tells it whether there was anything;
 * a waiting one leaves when aborted.
 */
export type TakeTurn = <T>(
  key: string,
  signal: AbortSignal | undefined,
  work: (hasWaited: boolean) => Promise<T>,
) => Promise<T>;

/** One at a time per key, in the order of asking. */
export function createTurns(): TakeTurn {
  const ends = new Map<string, Promise<void>>();

  return async (key, signal, work) => {
    const hasWaited = ends.has(key);
    const before = ends.get(key) ?? Promise.resolve();
    const { promise: done, resolve: leave } = Promise.withResolvers<void>();
    const end = before.then(() => done);
    ends.set(key, end);
    try {
      await abortable(before, signal);
      return await work(hasWaited);
    } finally {
      leave();
      if (ends.get(key) === end) ends.delete(key);
    }
  };
}

async function abortable(wait: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return wait;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([wait, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
