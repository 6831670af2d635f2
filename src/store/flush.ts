import { closeSync, fdatasync, open } from "node:fs";
import { promisify } from "node:util";

export type Flush = Disposable & {
  /** Begins to bring what was just written to the disk; what goes wrong is told by `done` and `check`. */
  soon(): void;
  /** Resolves once all that was written before the last `soon` is on the disk; rejects as open(2) and fdatasync(2) do. */
  done(): Promise<void>;
  /** Throws what the disk refused: from then on nobody knows what of the file is on it. */
  check(): void;
  /** The same in words; null where it refused nothing. */
  refusal(): string | null;
};

/** What a flush asks of the system. */
export type Disk = { open(path: string): Promise<number>; sync(file: number): Promise<void> };

const disk: Disk = { open: promisify(open) as Disk["open"], sync: promisify(fdatasync) };

/**
 * Brings SQLite's log to the disk beside the event loop: any descriptor's fdatasync(2) brings all of it. However many
 * write meanwhile, two calls of it serve them: the one under way may have begun too early.
 */
export function createFlush(path: string, { open: openFile, sync }: Disk = disk): Flush {
  let file: number | undefined;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  /** Of what was written last. */
  let last: Promise<void> = Promise.resolve();
  let isMissed = false;
  let refusal: Error | undefined;
  let isClosed = false;

  const flush = async (): Promise<void> => {
    // Who closes the last connection brings all of it to the disk.
    if (isClosed) return;
    try {
      file ??= await openFile(path);
    } catch (error) {
      // SQLite removes its log when the last connection ends, once all of it is in the file and on the disk.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      // Nothing of the log was refused; the next flush brings this too.
      isMissed = true;
      throw error;
    }
    isMissed = false;
    await sync(file).catch((error: Error) => {
      refusal ??= error;
      throw error;
    });
  };
  const start = (): Promise<void> => {
    running = flush().finally(() => {
      running = undefined;
      if (isClosed) closeFile();
    });
    return running;
  };
  const begin = (): Promise<void> => {
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
  const closeFile = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  const soon = (): void => {
    last = begin();
    last.catch(() => {
      // Told by `done`, and kept for `check`.
    });
  };
  return {
    soon,
    done() {
      if (isMissed && running === undefined) soon();
      return last;
    },
    check() {
      if (refusal !== undefined) throw refusal;
    },
    refusal: () => refusal?.message ?? null,
    [Symbol.dispose]() {
      isClosed = true;
      if (running === undefined) closeFile();
    },
  };
}
