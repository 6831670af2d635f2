import { type Context, Hono } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { parse } from "hono/utils/cookie";
import { z } from "zod";
import { InputError, MayflyError, RemoteError } from "../domain/errors.ts";
import type { Auth } from "./auth.ts";
import type { CallerEnv } from "./caller.ts";
import { ownPath } from "./own-path.ts";
import type { ApiWorld } from "./world.ts";

/** What a browser keeps while it is at GitHub; nothing of it is stored here. */
const Pending = z.object({ state: z.string().min(1), verifier: z.string().min(1), to: z.string() });
type Pending = z.infer<typeof Pending>;

const pendingSeconds = 10 * 60;

/** Signing in with GitHub and out again. */
export function signInRoutes(world: ApiWorld, auth: Auth): Hono<CallerEnv> {
  const secure = world.dashboardOrigin.startsWith("https:");
  const name = secure ? "__Host-mayfly-sign-in" : "mayfly-sign-in";
  const options = { httpOnly: true, sameSite: "Lax", path: "/", secure } as const;

  return new Hono<CallerEnv>()
    .get("/sign-in", async (c) => {
      if (world.signIn === null) return c.redirect("/", 303);
      const { url, state, verifier } = await world.signIn.begin();
      const pending: Pending = { state, verifier, to: ownPath(c.req.query("to")) };
      const value = Buffer.from(JSON.stringify(pending)).toString("base64url");
      setCookie(c, name, value, { ...options, maxAge: pendingSeconds });
      return c.redirect(url, 303);
    })
    .get("/sign-in/callback", async (c) => {
      auth.refuseTooMany(c);
      const pending = readPending(parse(c.req.header("cookie") ?? "", name)[name]);
      deleteCookie(c, name, options);
      const person = await finish(c, pending).catch((error: unknown) => {
        if (error instanceof MayflyError && error.code === "sign-in-failed") {
          const why = error.cause instanceof Error ? error.cause.message : error.message;
          world.log.warn({ why }, "sign-in failed");
          auth.tellFailedSignIn(c, error.message);
        }
        throw error;
      });
      const cookie = auth.openFor(person, c);
      setCookie(c, cookie.name, cookie.value, cookie.options);
      return c.redirect(ownPath(pending?.to), 303);
    })
    .post("/sign-out", (c) => {
      if (!auth.isFromOwnPage(c.req.raw.headers))
        throw new InputError("forbidden", "the request comes from another site", { hint: "Use the dashboard itself." });
      const cookie = auth.close(c);
      setCookie(c, cookie.name, cookie.value, cookie.options);
      return c.redirect("/", 303);
    });

  async function finish(c: Context, pending: Pending | null) {
    if (world.signIn === null) throw new InputError("not-found", "nobody signs in with GitHub here");
    if (pending === null) throw new RemoteError("sign-in-failed", "it was not begun in this browser, or too long ago");
    return world.signIn.finish(new URL(c.req.url).searchParams, pending);
  }
}

function readPending(text: string | undefined): Pending | null {
  try {
    return Pending.parse(JSON.parse(Buffer.from(text ?? "", "base64url").toString()));
  } catch {
    // Absent, expired, or not ours: the person is told to begin anew.
    return null;
  }
}
