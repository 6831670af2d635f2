import { Octokit } from "@octokit/core";
import { paginateRest } from "@octokit/plugin-paginate-rest";
import type { Logger } from "pino";
import { RemoteError } from "../domain/errors.ts";
import type { Clock } from "../domain/time.ts";
import { describeRefusal } from "./github-failure.ts";

export type RequestOptions = {
  apiUrl: string;
  /** Asked before each call; null calls without. */
  token(): Promise<string | null>;
  clock: Clock;
  log: Logger;
  fetch?: typeof globalThis.fetch;
  /** Between two new comments: GitHub's secondary limits count content that people are told of. */
  commentGapMs?: number;
  timeoutMs?: number;
  /** Told of each answer: its status (null when none came) and how many calls are left in this hour. */
  heard?: (call: { method: string; status: number | null; remaining: number | null }) => void;
};

type Headers = { "content-type"?: string | undefined; "x-ratelimit-remaining"?: string | undefined };

const Api = Octokit.plugin(paginateRest);

/** octokit's `request` and `paginate`, made safe to call. */
export type GitHubApi = Pick<InstanceType<typeof Api>, "request" | "paginate">;

/**
 * Calls GitHub with a deadline. A GET is tried twice, anything else once: a POST that timed out may have succeeded.
 * Writes go one at a time. After a rate limit nothing is sent until it ends. Throws RemoteError only.
 */
export function createGitHubApi(options: RequestOptions): GitHubApi {
  const { apiUrl, token, clock, log, fetch = globalThis.fetch, commentGapMs = 1000, timeoutMs = 15_000 } = options;
  const heard = options.heard ?? ignore;
  const api = new Api({
    baseUrl: apiUrl,
    userAgent: "mayfly",
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    request: {
      fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
    },
  });
  const limit = { until: 0 };
  let lastWrite: Promise<unknown> = Promise.resolve();
  let lastCommentAt = -Infinity;

  api.hook.before("request", async (request) => {
    const given = await token();
    if (given !== null) request.headers.authorization = `Bearer ${given}`;
    request.headers["x-github-api-version"] = "2022-11-28";
  });

  api.hook.wrap("request", async (send, request) => {
    const call = `${request.method} ${request.url}`;
    const once = () => sendOnce(call, async () => send(request));
    if (request.method === "GET")
      return once().catch((error: unknown) => (isPassing(error) ? once() : Promise.reject(error)));
    const write = lastWrite.then(async () => {
      if (!isNewComment(call)) return once();
      const waitMs = lastCommentAt + commentGapMs - clock.now();
      if (waitMs > 0) await clock.sleep(waitMs);
      return once().finally(() => (lastCommentAt = clock.now()));
    });
    // The next write waits for this one's end, however it ends; its caller hears of a failure.
    lastWrite = write.catch(ignore);
    return write;
  });

  async function sendOnce<T extends { data: unknown; status: number; headers: Headers }>(
    call: string,
    send: () => Promise<T>,
  ): Promise<T> {
    const startedAt = clock.now();
    const method = call.split(" ")[0] ?? "";
    if (limit.until > startedAt) {
      const details = { retryAfterMs: limit.until - startedAt, retry: "backoff" as const };
      throw new RemoteError("forge-limited", `GitHub's rate limit holds, ${call} waits`, details);
    }
    try {
      const response = await send();
      heard({ method, status: response.status, remaining: remainingOf(response.headers) });
      // octokit hands on what it read so far when the connection breaks within an answer.
      if (typeof response.data === "string" && response.headers["content-type"]?.includes("json"))
        throw new Error("the answer was cut off");
      log.debug({ call, durationMs: clock.now() - startedAt }, "called github");
      return response;
    } catch (error) {
      const refusal = describeRefusal(error, call, clock.now());
      if (!(error instanceof RemoteError))
        heard({ method, status: refusal.status ?? null, remaining: refusal.retryAfterMs === undefined ? null : 0 });
      if (refusal.retryAfterMs !== undefined) limit.until = clock.now() + refusal.retryAfterMs;
      log.debug(
        { call, code: refusal.code, status: refusal.status, durationMs: clock.now() - startedAt },
        "github call failed",
      );
      throw refusal;
    }
  }

  return api;
}

function remainingOf(headers: Headers): number | null {
  const remaining = Number(headers["x-ratelimit-remaining"] ?? Number.NaN);
  return Number.isFinite(remaining) ? remaining : null;
}

function isPassing(error: unknown): boolean {
  return error instanceof RemoteError && error.code === "forge-unreachable";
}

function isNewComment(call: string): boolean {
  return call === "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
}

function ignore(): void {}

/** The two path parameters that every call of a repository has. */
export function ownerAndRepo(repository: string): { owner: string; repo: string } {
  const [owner = "", repo = ""] = repository.split("/");
  return { owner, repo };
}

/** The answer, or `instead` where GitHub says that there is no such thing (404, 410). */
export async function orWhenGone<T, E>(answer: Promise<T>, instead: E): Promise<T | E> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RemoteError && (error.status === 404 || error.status === 410)) return instead;
    throw error;
  }
}
