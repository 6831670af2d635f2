import type { Context, MiddlewareHandler } from "hono";
import { InputError } from "../domain/errors.ts";
import type { Scope } from "../domain/token.ts";
import type { Auth } from "./auth.ts";
import { type CallerEnv, demandScope } from "./caller.ts";

/**
 * Lets only callers through that we know, who may read, or deploy where the request is no reading: what a route needs
 * beyond that, it says with `needs`. Throws InputError `unauthorized`, `rate-limited`, or `forbidden`, also for a write
 * from another site.
 */
export function requireCaller(auth: Auth): MiddlewareHandler<CallerEnv> {
  return async (c, next) => {
    const caller = auth.callerOf(c);
    if (caller === null) throw new InputError("unauthorized", `${c.req.method} ${c.req.path} needs a token`);
    if (caller.session !== null && !isReading(c) && !auth.isFromOwnPage(c.req.raw.headers)) {
      throw new InputError("forbidden", "the request comes from another site", {
        hint: "Use the dashboard itself, or a token.",
      });
    }
    demandScope(caller, isReading(c) ? "read" : "deploy", c);
    c.set("caller", caller);
    c.header("cache-control", "no-store");
    await next();
  };
}

/** What a route needs of its caller. Throws InputError `forbidden`. */
export function needs(scope: Scope): MiddlewareHandler<CallerEnv> {
  return async (c, next) => {
    demandScope(c.get("caller"), scope, c);
    await next();
  };
}

/** Whether a request only asks. */
export function isReading(c: Context): boolean {
  return c.req.method === "GET" || c.req.method === "HEAD";
}
