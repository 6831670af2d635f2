import type { Logger } from "pino";
import { RemoteError } from "../domain/errors.ts";
import type { Clock } from "../domain/time.ts";

export type LaneOptions = {
  account: string;
  clock: Clock;
  log: Logger;
  commentGapMs?: number;
  stopping?: AbortSignal;
};

/** What GitHub leaves to one account: calls of this hour (null before the first answer), and until when it refuses any. */
export type LaneState = {
  account: string;
  remaining: number | null;
  limit: number | null;
  /** Epoch milliseconds. */
  resetAt: number | null;
  limitedUntil: number | null;
};

type Headers = Record<string, string | number | undefined>;

export type Lane = {
  /** Throws RemoteError `forge-limited` while a limit holds. */
  mustBeOpen(call: string): void;
  holdFor(ms: number, call: string): void;
  /** Takes in what an answer says of the limits. */
  learn(headers: Headers): void;
  /** Sends a write after all before it, and not faster than GitHub wants. */
  write<T>(call: string, send: () => Promise<T>): Promise<T>;
  state(): LaneState;
};

/** "Rate limits for the REST API", secondary limits: 900 points a minute, of which a write takes five; some are left. */
const writesPerMinute = 150;
const newComment = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";

/** The way of one account's calls to GitHub: its limits, and the pace of its writes. */
export function createLane({ account, clock, log, commentGapMs = 1000, stopping }: LaneOptions): Lane {
  let seen: Pick<LaneState, "remaining" | "limit" | "resetAt"> = { remaining: null, limit: null, resetAt: null };
  let limitedUntil = 0;
  let lastWrite: Promise<unknown> = Promise.resolve();
  let lastCommentAt = -Infinity;
  let writtenAt: number[] = [];

  function holdFor(ms: number, call: string): void {
    if (limitedUntil <= clock.now()) log.warn({ account, call, waitMs: ms }, "github's rate limit is reached");
    // A short limit may come on top of a long one.
    limitedUntil = Math.max(limitedUntil, clock.now() + ms);
  }

  async function keepPace(call: string): Promise<void> {
    const now = clock.now();
    writtenAt = writtenAt.filter((at) => at > now - 60_000);
    const first = writtenAt[writtenAt.length - writesPerMinute];
    const paceMs = first === undefined ? 0 : first + 60_000 - now;
    const waitMs = Math.max(paceMs, call === newComment ? lastCommentAt + commentGapMs - now : 0);
    if (waitMs <= 0) return;
    if (paceMs > 0) log.info({ account, call, waitMs }, "github is written to no faster than it takes");
    await clock.sleep(waitMs, stopping).catch(() => {
      const details = { retryAfterMs: waitMs, retry: "backoff" as const };
      throw new RemoteError("forge-limited", `${call} waited for its turn when Mayfly stopped`, details);
    });
  }

  return {
    mustBeOpen(call) {
      const retryAfterMs = limitedUntil - clock.now();
      if (retryAfterMs <= 0) return;
      const details = { retryAfterMs, retry: "backoff" as const };
      throw new RemoteError("forge-limited", `GitHub's rate limit holds, ${call} waits`, details);
    },
    holdFor,
    learn(headers) {
      const [limit, remaining, reset] = ["limit", "remaining", "reset"].map((name) =>
        Number(headers[`x-ratelimit-${name}`] ?? Number.NaN),
      ) as [number, number, number];
      if (Number.isNaN(limit) || Number.isNaN(remaining) || Number.isNaN(reset)) return;
      seen = { limit, remaining, resetAt: reset * 1000 };
      if (remaining === 0 && reset * 1000 > clock.now()) holdFor(reset * 1000 - clock.now(), "the last call");
    },
    async write(call, send) {
      const mine = lastWrite.then(async () => {
        await keepPace(call);
        writtenAt.push(clock.now());
        return send().finally(() => {
          if (call === newComment) lastCommentAt = clock.now();
        });
      });
      // The next write waits for this one's end, however it ends; its caller hears of a failure.
      lastWrite = mine.catch(() => undefined);
      return mine;
    },
    state: () => ({ account, ...seen, limitedUntil: limitedUntil > clock.now() ? limitedUntil : null }),
  };
}
