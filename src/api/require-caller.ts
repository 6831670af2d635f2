import type { Context, MiddlewareHandler } from "hono";
import { InputError, MayflyError } from "../domain/errors.ts";
import type { Scope } from "../domain/token.ts";
import { createAskerOf } from "./asker.ts";
import type { Auth } from "./auth.ts";
import { type CallerEnv, demandScope } from "./caller.ts";
import type { ApiWorld } from "./world.ts";

/**
 * Lets only callers through that we know, who may read, or deploy where the request is no reading: what a route needs
 * beyond that, it says with `needs`. A refused write is told in the audit. Throws InputError `unauthorized`,
 * `rate-limited`, or `forbidden`, also for a write from another site.
 */
export function requireCaller(world: ApiWorld, auth: Auth): MiddlewareHandler<CallerEnv> {
  const askerOf = createAskerOf(world);
  return async (c, next) => {
    const caller = auth.callerOf(c);
    if (caller === null) throw new InputError("unauthorized", `${c.req.method} ${c.req.path} needs a token`);
    c.set("caller", caller);
    c.set("asker", askerOf(c, caller));
    c.header("cache-control", "no-store");
    try {
      demandOwnPage(c, auth);
      demandScope(caller, isReading(c) ? "read" : "deploy", c);
    } catch (error) {
      tellRefusal(world, c, error);
      throw error;
    }
    await next();
    tellRefusal(world, c, c.error);
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

function demandOwnPage(c: Context<CallerEnv>, auth: Auth): void {
  if (c.get("caller").session === null || isReading(c) || auth.isFromOwnPage(c.req.raw.headers)) return;
  throw new InputError("forbidden", "the request comes from another site", {
    hint: "Use the dashboard itself, or a token.",
  });
}

/** Only of writes: a program that looks where it may not would fill the audit by itself. */
function tellRefusal(world: ApiWorld, c: Context<CallerEnv>, error: unknown): void {
  if (isReading(c) || !(error instanceof MayflyError) || error.code !== "forbidden") return;
  const [, id, verb] = /^(?:\/api)?\/previews\/([^/]+)\/([a-z-]{1,30})$/.exec(c.req.path) ?? [];
  world.audit.write({
    ...c.get("asker"),
    action: verb ?? `${c.req.method} ${c.req.path}`.slice(0, 100),
    preview: id === undefined ? null : (world.preview(id)?.key ?? null),
    outcome: "refused",
    detail: error.message.slice(0, 300),
  });
}
