import { open } from "node:fs/promises";

export type Flush = {
  /** Resolves once all that was written before this call is on the disk. Rejects as fsync(2) does. */
  done(): Promise<void>;
  /** The same in its own time; what goes wrong is thrown by `check`. */
  soon(): void;
  /** Throws what the disk refused: from then on nobody knows what of the file is on it. */
  check(): void;
};

/**
 * Brings SQLite's log to the disk beside the event loop: any descriptor's fsync(2) brings all of it. However many ask at once,
 * two calls of it serve them: the one under way may have begun too early.
 */
export function createFlush(path: string): Flush {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let refusal: Error | undefined;

  const start = (): Promise<void> => {
    running = sync(path).finally(() => (running = undefined));
    running.catch((error: Error) => (refusal ??= error));
    return running;
  };
  const done = (): Promise<void> => {
    if (running === undefined) return start();
    next ??= running
      .catch(() => {
        // Told to whoever waited for that one.
      })
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
  return {
    done,
    soon: () =>
      void done().catch(() => {
        // Kept for `check`.
      }),
    check() {
      if (refusal !== undefined) throw refusal;
    },
  };
}

async function sync(path: string): Promise<void> {
  try {
    await using file = await open(path, "r");
    await file.datasync();
  } catch (error) {
    // SQLite removes its log when the last connection ends, once all of it is in the file and on the disk.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
