import type { MiddlewareHandler } from "hono";
import type { Call, Caller } from "./github-types.ts";

export type Faults = {
  /** Answers 503 to every call. */
  unavailable(on: boolean): void;
  /** Makes every call take that much longer. */
  slow(ms: number): void;
  /** Refuses every call as over the limit; `secondary` is the one that writes too close together run into. */
  rateLimited(kind: "primary" | "secondary" | false, seconds?: number): void;
  /** Every call from outside, oldest first. */
  calls(): Call[];
  middleware: MiddlewareHandler;
};

/** What can go wrong with an API, and a log of who asked for what. */
export function createFaults(tokens: Map<string, Caller>): Faults {
  const calls: Call[] = [];
  let down = false;
  let delayMs = 0;
  let limit: { kind: "primary" | "secondary"; seconds: number } | null = null;

  function refuse(): Response | null {
    if (down) return Response.json({ message: "Service Unavailable" }, { status: 503 });
    if (limit === null) return null;
    const secondary = limit.kind === "secondary";
    const message = secondary
      ? "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
      : "API rate limit exceeded";
    const headers = {
      ...limitHeaders(secondary ? 4000 : 0, limit.seconds),
      ...(secondary ? { "retry-after": String(limit.seconds) } : {}),
    };
    return Response.json({ message, documentation_url: "https://docs.github.com/rest" }, { status: 403, headers });
  }

  const middleware: MiddlewareHandler = async (c, next) => {
    const at = Date.now();
    const token = (c.req.header("Authorization") ?? "").replace(/^\S+ +/, "");
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const refusal = refuse();
    if (refusal === null) await next();
    else c.res = refusal;
    if (refusal === null)
      for (const [name, value] of Object.entries(limitHeaders(4999, 3600))) c.res.headers.set(name, value);
    const url = new URL(c.req.url);
    calls.push({
      method: c.req.method,
      path: url.pathname.replace("/api/v3", "") + url.search,
      status: c.res.status,
      login: tokens.get(token)?.login ?? "",
      at,
      durationMs: Date.now() - at,
    });
  };

  return {
    unavailable: (on) => void (down = on),
    slow: (ms) => void (delayMs = ms),
    rateLimited: (kind, seconds = 60) => void (limit = kind === false ? null : { kind, seconds }),
    calls: () => [...calls],
    middleware,
  };
}

function limitHeaders(remaining: number, seconds: number): Record<string, string> {
  return {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-used": String(5000 - remaining),
    "x-ratelimit-reset": String(Math.floor(Date.now() / 1000) + seconds),
    "x-ratelimit-resource": "core",
  };
}
