import { Octokit } from "@octokit/core";
import { paginateRest } from "@octokit/plugin-paginate-rest";
import type { Logger } from "pino";
import { RemoteError } from "../domain/errors.ts";
import type { Clock } from "../domain/time.ts";
import { describeRefusal } from "./github-failure.ts";
import { createLane, type Lane, type LaneState } from "./github-lane.ts";

export type TrafficOptions = {
  apiUrl: string;
  clock: Clock;
  log: Logger;
  fetch?: typeof globalThis.fetch;
  /** Between two new comments: GitHub's secondary limits count content that people are told of. */
  commentGapMs?: number;
  timeoutMs?: number;
  /** Told of each answer: its status (null when none came) and how many calls are left to the account in this hour. */
  heard?: (call: { account: string; method: string; status: number | null; remaining: number | null }) => void;
  /** Ends what waits for a limit. */
  stopping?: AbortSignal;
};

/** Who calls. */
export type Bearer = {
  /** Asked before each call; null calls without. Throws RemoteError. */
  token(): Promise<string | null>;
  /** GitHub refused this token; answers whether another may be had. */
  refused(token: string): boolean;
};

const Api = Octokit.plugin(paginateRest);

/** octokit's `request` and `paginate`, made safe to call. */
export type GitHubApi = Pick<InstanceType<typeof Api>, "request" | "paginate">;

/** What is left to each account that calls. */
export type Limits = LaneState[];

export type Traffic = {
  /** The API as this bearer sees it. Limits and the pace of writes are the account's, whoever calls for it. */
  as(account: string, bearer: Bearer): GitHubApi;
  limits(): Limits;
};

type Answer = { data: unknown; status: number; headers: Record<string, string | number | undefined> };

/**
 * Calls GitHub with a deadline. A GET is tried twice, anything else once: a POST that timed out may have succeeded.
 * Only a call whose token was refused is made again, with another. Writes of an account go one at a time and keep their
 * pace; after a rate limit nothing of it is sent until it ends. Throws RemoteError only.
 */
export function createTraffic(options: TrafficOptions): Traffic {
  const { apiUrl, clock, log, fetch = globalThis.fetch, timeoutMs = 15_000 } = options;
  const heard = options.heard ?? ignore;
  const lanes = new Map<string, Lane>();

  function laneOf(account: string): Lane {
    const lane = lanes.get(account) ?? createLane({ account, ...options });
    lanes.set(account, lane);
    return lane;
  }

  function as(account: string, bearer: Bearer): GitHubApi {
    const lane = laneOf(account);
    const api = new Api({
      baseUrl: apiUrl,
      userAgent: "mayfly",
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      request: {
        fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
      },
    });

    api.hook.wrap("request", async (send, request) => {
      const call = `${request.method} ${request.url}`;
      const authorized = async () => {
        const token = await bearer.token();
        request.headers["x-github-api-version"] = "2022-11-28";
        if (token !== null) request.headers.authorization = `Bearer ${token}`;
        try {
          return await sendOnce(lane, call, async () => send(request));
        } catch (error) {
          if (token === null || !isUnauthorized(error) || !bearer.refused(token)) throw error;
          request.headers.authorization = `Bearer ${await bearer.token()}`;
          return sendOnce(lane, call, async () => send(request));
        }
      };
      const answer =
        request.method === "GET"
          ? authorized().catch((error: unknown) => (isPassing(error) ? authorized() : Promise.reject(error)))
          : lane.write(call, authorized);
      return answer.catch((error: unknown) => {
        // Told only now, when no other token helped.
        if (isUnauthorized(error)) heard({ account, method: request.method, status: 401, remaining: null });
        throw error;
      });
    });
    return api;
  }

  async function sendOnce<T extends Answer>(lane: Lane, call: string, send: () => Promise<T>): Promise<T> {
    const startedAt = clock.now();
    lane.mustBeOpen(call);
    const tell = (status: number | null, headers: Answer["headers"]) => {
      lane.learn(headers);
      const { account, remaining } = lane.state();
      if (status !== 401) heard({ account, method: call.split(" ")[0] ?? "", status, remaining });
    };
    try {
      const response = await send();
      // octokit hands on what it read so far when the connection breaks within an answer.
      if (typeof response.data === "string" && String(response.headers["content-type"]).includes("json"))
        throw new Error("the answer was cut off");
      tell(response.status, response.headers);
      log.debug({ call, durationMs: clock.now() - startedAt }, "called github");
      return response;
    } catch (error) {
      const refusal = describeRefusal(error, call, clock.now());
      tell(refusal.status ?? null, (error as { response?: Pick<Answer, "headers"> }).response?.headers ?? {});
      if (refusal.retryAfterMs !== undefined) lane.holdFor(refusal.retryAfterMs, call);
      const { code, status } = refusal;
      log.debug({ call, code, status, durationMs: clock.now() - startedAt }, "github call failed");
      throw refusal;
    }
  }

  return { as, limits: () => [...lanes.values()].map((lane) => lane.state()) };
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof RemoteError && error.status === 401;
}

function isPassing(error: unknown): boolean {
  return error instanceof RemoteError && error.code === "forge-unreachable";
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
