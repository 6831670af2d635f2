import type { Context } from "hono";
import { parse, type CookieOptions } from "hono/utils/cookie";
import type { AuditNote } from "../domain/audit.ts";
import { InputError } from "../domain/errors.ts";
import { createFailureLimit } from "../domain/failure-limit.ts";
import type { Person } from "../domain/person.ts";
import { createAskerOf } from "./asker.ts";
import type { Caller } from "./caller.ts";
import { sha256, type Tokens } from "./tokens.ts";
import { createPermissions } from "./permissions.ts";
import { createSight, type Sight } from "./sight.ts";
import type { ApiWorld, SessionOwner } from "./world.ts";

export type Cookie = { name: string; value: string; options: CookieOptions };

export type Auth = {
  /** Null when neither a right token nor a living session came along. Throws InputError `rate-limited`. */
  callerOf(c: Context): Caller | null;
  /** Whether a browser says that one of our own pages sends this. */
  isFromOwnPage(headers: Headers): boolean;
  /** A session for who opened the dashboard's link, or null when its token is none. Throws InputError `rate-limited`. */
  openWith(token: string, c: Context): Cookie | null;
  /** A session for a person who signed in. */
  openFor(person: Person, c: Context): Cookie;
  /** Ends the session that came along, if any; the cookie answered takes its own away. */
  close(c: Context): Cookie;
  /** Throws InputError `rate-limited` when this address was wrong too often. */
  refuseTooMany(c: Context): void;
  tellFailedSignIn(c: Context, why: string): void;
  sightOf(c: Context, caller: Caller): Sight;
};

const failuresAllowed = 10;
const dayMs = 24 * 60 * 60 * 1000;
/** GitHub may close an account without telling us: people sign in anew each week. */
const sessionDays = { token: 30, person: 7 };

/**
 * Knows callers by a token, or by a session: a random id in a cookie, of which only the hash is stored. A session that a
 * token opened may what the token may, and ends with it.
 */
export function createAuth(world: ApiWorld, tokens: Tokens): Auth {
  const { dashboardOrigin, clock, sessions, randomId } = world;
  const secure = dashboardOrigin.startsWith("https:");
  const name = secure ? "__Host-mayfly-session" : "mayfly-session";
  const cookieOptions: CookieOptions = { httpOnly: true, sameSite: "Lax", path: "/", secure };
  const permissions = createPermissions(world);
  const failures = createFailureLimit(clock, { allowed: failuresAllowed });
  const askerOf = createAskerOf(world);
  const tell = (c: Context, outcome: "done" | "refused", detail: string) => ({
    ...askerOf(c, null),
    action: "sign-in",
    preview: null,
    outcome,
    detail,
  });

  function refuseTooMany(c: Context): void {
    if (failures.isOver(askerOf(c, null).address ?? ""))
      throw new InputError("rate-limited", "too many wrong tokens came from your address");
  }

  function tokenOf(text: string, c: Context) {
    // Nobody who has tried too many is told whether this one was right.
    refuseTooMany(c);
    const token = tokens.of(text);
    if (token === null) tellFailure(c, failures.count(askerOf(c, null).address ?? ""), "with a token that is none");
    return token;
  }

  /** The first of a minute and the last that is listened to: a flood of guesses must not become one of rows. */
  function tellFailure(c: Context, count: number, why: string): void {
    if (count === 1) world.audit.write(tell(c, "refused", why));
    if (count === failuresAllowed)
      world.audit.write(tell(c, "refused", `${count} times wrong: not listened to for a minute`));
  }

  const sessionIn = (c: Context): string => parse(c.req.header("cookie") ?? "", name)[name] ?? "";

  function ofSession(session: string): Caller | null {
    const owner = session === "" ? null : sessions.ownerOf(sha256(session));
    if (owner?.kind === "person") return { ...owner, session };
    const token = owner?.kind === "token" ? tokens.bySha256(owner.sha256) : null;
    return token && { kind: "token", name: token.name, scopes: token.scopes, session };
  }

  function open(owner: SessionOwner, told: AuditNote): Cookie {
    const value = randomId(64);
    const lastsMs = sessionDays[owner.kind] * dayMs;
    sessions.open({ idSha256: sha256(value), owner, expiresAt: clock.now() + lastsMs }, told);
    return { name, value, options: { ...cookieOptions, maxAge: lastsMs / 1000 } };
  }

  function callerOf(c: Context): Caller | null {
    const authorization = c.req.raw.headers.get("authorization");
    if (authorization === null) return ofSession(sessionIn(c));
    const token = tokenOf(/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "", c);
    return token && { kind: "token", name: token.name, scopes: token.scopes, session: null };
  }

  return {
    callerOf,
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
      const told = {
        ...tell(c, "done", "with the dashboard's link"),
        actor: { kind: "token", name: token.name },
      } as const;
      return open({ kind: "token", sha256: token.sha256 }, told);
    },
    openFor(person, c) {
      const told = { ...tell(c, "done", "with GitHub"), actor: { kind: "person", name: person.login } } as const;
      return open({ kind: "person", login: person.login, id: person.id }, told);
    },
    close(c) {
      const session = sessionIn(c);
      const caller = ofSession(session);
      if (caller !== null) {
        const told = {
          ...askerOf(c, caller),
          action: "sign-out",
          preview: null,
          outcome: "done",
          detail: null,
        } as const;
        sessions.close(sha256(session), told);
      }
      return { name, value: "", options: { ...cookieOptions, maxAge: 0 } };
    },
    refuseTooMany,
    tellFailedSignIn(c, why) {
      tellFailure(c, failures.count(askerOf(c, null).address ?? ""), why);
    },
    sightOf: (c, caller) => createSight(world, { caller, permissions, isStillKnown: () => callerOf(c) !== null }),
  };
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
