import type { Context, MiddlewareHandler } from "hono";
import { InputError, MayflyError } from "../domain/errors.ts";
import type { Scope } from "../domain/token.ts";
import { createAskerOf } from "./asker.ts";
import type { Auth } from "./auth.ts";
import { type CallerEnv, demandScope, formTokenOf } from "./caller.ts";
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
    c.set("sight", auth.sightOf(c, caller));
    c.header("cache-control", "no-store");
    try {
      await demandOwnPage(c, auth);
      demandScope(caller, isReading(c) ? "read" : "deploy", c);
    } catch (error) {
      tellRefusal(world, c, error);
      throw error;
    }
    await next();
    tellRefusal(world, c, c.error);
  };
}

const formLimitBytes = 16 * 1024;

/** What a route needs of its caller. Throws InputError `forbidden`. */
export function needs(scope: Scope): MiddlewareHandler<CallerEnv> {
  return async (c, next) => {
    demandScope(c.get("caller"), scope, c);
    await next();
  };
}

/** Lets people who signed in go on only below this path: the rest of the API concerns the whole server. */
export function keepPeopleTo(path: string | null): MiddlewareHandler<CallerEnv> {
  return async (c, next) => {
    const isInside = path !== null && (c.req.path === path || c.req.path.startsWith(`${path}/`));
    if (c.get("caller").kind === "person" && !isInside) demandScope(c.get("caller"), "admin", c);
    await next();
  };
}

/** Whether a request only asks. */
export function isReading(c: Context): boolean {
  return c.req.method === "GET" || c.req.method === "HEAD";
}

/** A write by cookie must come from our own page: the browser says so, and the form carries what only our page knew. */
async function demandOwnPage(c: Context<CallerEnv>, auth: Auth): Promise<void> {
  const caller = c.get("caller");
  if (caller.session === null || isReading(c)) return;
  const isOurs = auth.isFromOwnPage(c.req.raw.headers) && (await formToken(c)) === formTokenOf(caller);
  if (isOurs) return;
  throw new InputError("forbidden", "the request comes from another site", {
    hint: "Use the dashboard itself, or a token.",
  });
}

async function formToken(c: Context): Promise<string> {
  const header = c.req.header("x-mayfly-form");
  const isForm = c.req.header("content-type")?.startsWith("application/x-www-form-urlencoded") ?? false;
  // Browsers say how long a form is; ours are short.
  if (header !== undefined || !isForm || !(Number(c.req.header("content-length")) <= formLimitBytes))
    return header ?? "";
  const { form } = await c.req.parseBody();
  return typeof form === "string" ? form : "";
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
