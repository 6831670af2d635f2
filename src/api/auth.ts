import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { parse, type CookieOptions } from "hono/utils/cookie";
import type { ApiWorld } from "./world.ts";

/** Who calls: a program with the token, or a person's browser with a session. */
export type Caller = "token" | "session";

export type Auth = {
  /** Null when neither a right token nor a living session came along. */
  callerOf(headers: Headers): Caller | null;
  isToken(text: string): boolean;
  /** Whether a browser says that one of our own pages sends this. */
  isFromOwnPage(headers: Headers): boolean;
  newSession(): { name: string; value: string; options: CookieOptions };
};

const sessionMs = 30 * 24 * 60 * 60 * 1000;

/**
 * Knows callers by the API token, or by a session: an expiry with its HMAC under that token, so that nothing is stored,
 * the token itself is never in a cookie, and a new token ends all sessions.
 */
export function createAuth({
  apiToken,
  dashboardOrigin,
  clock,
}: Pick<ApiWorld, "apiToken" | "dashboardOrigin" | "clock">): Auth {
  const secure = dashboardOrigin.startsWith("https:");
  const name = secure ? "__Host-mayfly-session" : "mayfly-session";
  const sign = (expiresAt: number) =>
    createHmac("sha256", apiToken).update(`dashboard session until ${expiresAt}`).digest("base64url");
  const isToken = (text: string) => apiToken !== "" && isSame(text, apiToken);

  function isSession(value: string): boolean {
    const [until = "", signature = ""] = value.split(".");
    const expiresAt = Number(until);
    return apiToken !== "" && expiresAt > clock.now() && isSame(signature, sign(expiresAt));
  }

  return {
    isToken,
    callerOf(headers) {
      const authorization = headers.get("authorization");
      if (authorization !== null) return isToken(/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "") ? "token" : null;
      return isSession(parse(headers.get("cookie") ?? "", name)[name] ?? "") ? "session" : null;
    },
    isFromOwnPage(headers) {
      const site = headers.get("sec-fetch-site");
      if (site !== null && site !== "same-origin") return false;
      const origin = headers.get("origin");
      // A bare address or localhost is our own host too; the gateway lets no other name through to us.
      return origin !== null && (origin === dashboardOrigin || hostOf(origin) === headers.get("host"));
    },
    newSession() {
      const expiresAt = clock.now() + sessionMs;
      const options: CookieOptions = {
        httpOnly: true,
        sameSite: "Strict",
        path: "/",
        secure,
        maxAge: sessionMs / 1000,
      };
      return { name, value: `${expiresAt}.${sign(expiresAt)}`, options };
    },
  };
}

/** Compares in constant time, whatever the lengths. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
