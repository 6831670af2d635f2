import type { Logger } from "pino";
import type { Clock } from "../domain/time.ts";
import type { Disk } from "./disk.ts";

/** A fast disk takes 1 GiB in as long. */
const diskPauseMs = 1000;

/**
 * Aborts what takes longer than `timeoutMs`, or fills the disk: a step may write as much as it likes, but ends before the
 * databases of other previews find no room. The signal's reason is EngineError `disk-full` then. Over when disposed.
 */
export function limitBuild(options: {
  timeoutMs: number;
  disk: Disk | undefined;
  /** What goes on, in a sentence that ends with it. */
  what: string;
  clock: Clock;
  log: Logger;
}): Disposable & { signal: AbortSignal } {
  const { clock, disk, log } = options;
  const ended = new AbortController();
  const over = new AbortController();
  const watchTime = async (): Promise<void> => {
    await clock.sleep(options.timeoutMs, over.signal);
    ended.abort();
  };
  const watchDisk = async (): Promise<void> => {
    let isSeen = true;
    for (;;) {
      await clock.sleep(diskPauseMs, over.signal);
      try {
        const short = await disk?.shortage(options.what);
        if (short) return ended.abort(short);
        isSeen = true;
      } catch (error) {
        // The engine did not answer, and may the next time: what is going on fills the disk meanwhile as before.
        if (isSeen) log.warn({ err: error }, "how much of the disk is free is not known while a build goes on");
        isSeen = false;
      }
    }
  };
  for (const watch of [watchTime, watchDisk]) {
    watch().catch((error: unknown) => {
      if (!over.signal.aborted) log.warn({ err: error }, "a build goes on unwatched");
    });
  }
  return { signal: ended.signal, [Symbol.dispose]: () => over.abort() };
}
