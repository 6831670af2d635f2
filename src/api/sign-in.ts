import type { Context } from "hono";
import { setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import type { Auth } from "./auth.ts";
import { html } from "./page-html.ts";
import { type PageEnv, renderDocument } from "./page-shell.ts";
import { isReading } from "./require-caller.ts";
import { signInBody } from "./sign-in-page.ts";

/** Turns the dashboard's link into a session, and shows those without one how to get the link. */
export function signIn(auth: Auth) {
  return createMiddleware<PageEnv>(async (c, next) => {
    if (!isReading(c)) return next();
    const token = c.req.query("token");
    if (token !== undefined && auth.isToken(token)) {
      const { name, value, options } = auth.newSession();
      setCookie(c, name, value, options);
      return c.redirect(withoutToken(c), 303);
    }
    if (auth.callerOf(c.req.raw.headers) !== null)
      return token === undefined ? next() : c.redirect(withoutToken(c), 303);
    // A strict cookie stays away when another site's link led here; asked for again by our own page, it comes along.
    const isLed = ["cross-site", "same-site"].includes(c.req.header("sec-fetch-site") ?? "");
    if (isLed && token === undefined)
      return c.html(html`<!doctype html><meta http-equiv="refresh" content="0" /><title>Mayfly</title>`);
    const body = signInBody({ stale: token !== undefined });
    return c.html(
      renderDocument({ title: "Sign in", nonce: c.get("secureHeadersNonce") ?? "", events: null, body }),
      401,
    );
  });
}

function withoutToken(c: Context): string {
  const rest = new URLSearchParams(c.req.query());
  rest.delete("token");
  const path = `/${c.req.path.replace(/^\/+/, "")}`;
  return rest.size === 0 ? path : `${path}?${rest.toString()}`;
}
