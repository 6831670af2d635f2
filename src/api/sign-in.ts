import type { Context } from "hono";
import { setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import type { Auth } from "./auth.ts";
import type { CallerEnv } from "./caller.ts";
import { renderDocument } from "./page-shell.ts";
import { isReading } from "./require-caller.ts";
import { signInBody } from "./sign-in-page.ts";
import type { ApiWorld } from "./world.ts";

/** Turns the dashboard's link into a session, and shows those without one how to get the link. */
export function signIn({ signIn: forge }: Pick<ApiWorld, "signIn">, auth: Auth) {
  return createMiddleware<CallerEnv>(async (c, next) => {
    if (!isReading(c)) return next();
    const token = c.req.query("token");
    const cookie = token === undefined ? null : auth.openWith(token, c);
    if (cookie !== null) {
      setCookie(c, cookie.name, cookie.value, cookie.options);
      return c.redirect(withoutToken(c), 303);
    }
    if (auth.callerOf(c) !== null) return token === undefined ? next() : c.redirect(withoutToken(c), 303);
    const body = signInBody({ stale: token !== undefined, to: forge === null ? null : withoutToken(c) });
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
