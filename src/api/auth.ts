import type { Context } from "hono";
import { parse, type CookieOptions } from "hono/utils/cookie";
import { InputError } from "../domain/errors.ts";
import { createFailureLimit } from "../domain/failure-limit.ts";
import { createAskerOf } from "./asker.ts";
import type { Caller } from "./caller.ts";
import { sha256, type Tokens } from "./tokens.ts";
import type { ApiWorld } from "./world.ts";

export type Cookie = { name: string; value: string; options: CookieOptions };

export type Auth = {
  /** Null when neither a right token nor a living session came along. Throws InputError `rate-limited`. */
  callerOf(c: Context): Caller | null;
  /** Whether a browser says that one of our own pages sends this. */
  isFromOwnPage(headers: Headers): boolean;
  /** A session for who opened the dashboard's link, or null when its token is none. Throws InputError `rate-limited`. */
  openWith(token: string, c: Context): Cookie | null;
};

const failuresAllowed = 10;
const sessionMs = 30 * 24 * 60 * 60 * 1000;

/**
 * Knows callers by a token, or by a session: a random id in a cookie, of which only the hash is stored. A session that a
 * token opened may what the token may, and ends with it.
 */
export function createAuth(world: ApiWorld, tokens: Tokens): Auth {
  const { dashboardOrigin, clock, sessions, randomId } = world;
  const secure = dashboardOrigin.startsWith("https:");
  const name = secure ? "__Host-mayfly-session" : "mayfly-session";
  const failures = createFailureLimit(clock, { allowed: failuresAllowed });
  const askerOf = createAskerOf(world);
  const tell = (c: Context, outcome: "done" | "refused", detail: string) => ({
    ...askerOf(c, null),
    action: "sign-in",
    preview: null,
    outcome,
    detail,
  });

  function tokenOf(text: string, c: Context) {
    const address = askerOf(c, null).address ?? "";
    // Nobody who has tried too many is told whether this one was right.
    if (failures.isOver(address)) throw new InputError("rate-limited", "too many wrong tokens came from your address");
    const token = tokens.of(text);
    if (token === null) tellFailure(c, failures.count(address));
    return token;
  }

  /** The first of a minute and the last that is listened to: a flood of guesses must not become one of rows. */
  function tellFailure(c: Context, count: number): void {
    if (count === 1) world.audit.write(tell(c, "refused", "with a token that is none"));
    if (count === failuresAllowed)
      world.audit.write(tell(c, "refused", `with ${count} wrong tokens: not listened to for a minute`));
  }

  function ofSession(session: string): Caller | null {
    const owner = session === "" ? null : sessions.ownerOf(sha256(session));
    const token = owner?.kind === "token" ? tokens.bySha256(owner.sha256) : null;
    return token && { kind: "token", name: token.name, scopes: token.scopes, session };
  }

  return {
    callerOf(c) {
      const { headers } = c.req.raw;
      const authorization = headers.get("authorization");
      if (authorization === null) return ofSession(parse(headers.get("cookie") ?? "", name)[name] ?? "");
      const token = tokenOf(/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "", c);
      return token && { kind: "token", name: token.name, scopes: token.scopes, session: null };
    },
    isFromOwnPage(headers) {
      const site = headers.get("sec-fetch-site");
      if (site !== null && site !== "same-origin") return false;
      const origin = headers.get("origin");
      // A bare address or localhost is our own host too; the gateway lets no other name through to us.
      return origin !== null && (origin === dashboardOrigin || hostOf(origin) === headers.get("host"));
    },
    openWith(text, c) {
      const token = tokenOf(text, c);
      if (token === null) return null;
      const value = randomId(64);
      sessions.open(
        { idSha256: sha256(value), owner: { kind: "token", sha256: token.sha256 }, expiresAt: clock.now() + sessionMs },
        { ...tell(c, "done", "with the dashboard's link"), actor: { kind: "token", name: token.name } },
      );
      const options: CookieOptions = { httpOnly: true, sameSite: "Lax", path: "/", secure, maxAge: sessionMs / 1000 };
      return { name, value, options };
    },
  };
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
