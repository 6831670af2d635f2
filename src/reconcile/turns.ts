/** Work on one preview's containers that must not go on side by side: each waits for the one before. */
export type Turns = {
  /** Rejects with the signal's reason when aborted before its turn comes. */
  take<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  isBusy(key: string): boolean;
};

/** What is known of it is in memory: one process at a time works on the engine. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    isBusy: (key) => last.has(key),
    async take(key, signal, work) {
      const before = last.get(key);
      const turn = Promise.withResolvers<void>();
      const mine = before === undefined ? turn.promise : before.then(() => turn.promise);
      last.set(key, mine);
      try {
        await before;
        signal.throwIfAborted();
        return await work();
      } finally {
        turn.resolve();
        if (last.get(key) === mine) last.delete(key);
      }
    },
  };
}
