import type { Context, MiddlewareHandler } from "hono";
import { InputError } from "../domain/errors.ts";
import type { Auth } from "./auth.ts";

/** Lets only callers through that we know; throws InputError `unauthorized`, or `forbidden` for a write from another site. */
export function requireCaller(auth: Auth): MiddlewareHandler {
  return async (c, next) => {
    const caller = auth.callerOf(c.req.raw.headers);
    if (caller === null) throw new InputError("unauthorized", `${c.req.method} ${c.req.path} needs a token`);
    if (caller === "session" && !isReading(c) && !auth.isFromOwnPage(c.req.raw.headers)) {
      throw new InputError("forbidden", "the request comes from another site", {
        hint: "Use the dashboard itself, or a token.",
      });
    }
    c.header("cache-control", "no-store");
    await next();
  };
}

/** Whether a request only asks. */
export function isReading(c: Context): boolean {
  return c.req.method === "GET" || c.req.method === "HEAD";
}
