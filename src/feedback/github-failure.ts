import { RemoteError } from "../domain/errors.ts";

/** What octokit throws, in the fields that count; without a response it never got an answer. */
type Thrown = { message: string; status?: number; response?: { headers: Record<string, string | number | undefined> } };

/** Where GitHub names no time, its guide says to wait a minute ("Rate limits for the REST API", secondary limits). */
const unnamedWaitMs = 60_000;

/**
 * What a failed call means: `forge-limited` (with how long to wait), `forge-unauthorized`, `forge-refused`, or `forge-unreachable` for
 * everything that may pass by itself. `now` in epoch milliseconds.
 */
export function describeRefusal(error: unknown, call: string, now: number): RemoteError {
  if (error instanceof RemoteError) return error;
  const { message, status, response } = error as Thrown;
  const said = message.slice(0, 200);
  if (response === undefined || status === undefined) {
    return new RemoteError("forge-unreachable", `GitHub does not answer ${call}: ${said}`, {
      cause: error,
      retry: "backoff",
    });
  }
  const retryAfterMs = limitOf(status, said, response.headers, now);
  if (retryAfterMs !== null) {
    const details = { cause: error, status, retryAfterMs, retry: "backoff" as const };
    return new RemoteError("forge-limited", `GitHub's rate limit is reached at ${call}`, details);
  }
  if (status >= 500) {
    return new RemoteError("forge-unreachable", `GitHub answered ${status} to ${call}`, {
      cause: error,
      status,
      retry: "backoff",
    });
  }
  if (status === 401) {
    return new RemoteError("forge-unauthorized", `GitHub does not accept our credentials at ${call}: ${said}`, {
      cause: error,
      status,
    });
  }
  return new RemoteError("forge-refused", `GitHub answered ${status} to ${call}: ${said}`, { cause: error, status });
}

/** Milliseconds to wait when this is a rate limit, primary or secondary; null when it is none. */
function limitOf(
  status: number,
  said: string,
  headers: Record<string, string | number | undefined>,
  now: number,
): number | null {
  if (status !== 403 && status !== 429) return null;
  const retryAfter = Number(headers["retry-after"]);
  if (retryAfter > 0) return retryAfter * 1000;
  if (String(headers["x-ratelimit-remaining"]) === "0") {
    const resetMs = Number(headers["x-ratelimit-reset"]) * 1000;
    return Number.isFinite(resetMs) ? Math.max(1000, resetMs - now) : unnamedWaitMs;
  }
  return status === 429 || /rate limit/i.test(said) ? unnamedWaitMs : null;
}
