import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, RandomId } from "./domain/time.ts";

/** Real time and chance; everything inside takes them as parameters. */
export const clock: Clock = {
  // oxlint-disable-next-line no-restricted-properties, no-restricted-globals -- the one place where time comes in
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : error;
    });
  },
};
/** See `RandomId`; from the system's own source. */
export const randomId: RandomId = (length) =>
  randomBytes(Math.ceil(length / 2))
    .toString("hex")
    .slice(0, length);
