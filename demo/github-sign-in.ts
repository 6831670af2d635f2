import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import type { World } from "./github-world.ts";

/**
 * GitHub's web flow for signing people in: emulate's, and what it lacks. It drops PKCE's parameters, so the challenge is
 * kept here by state, then by code, and the verifier is checked before emulate is asked; what it answers is a token that
 * the API here knows, too.
 */
export function signInRoutes(world: World): Hono {
  const challenges = new Map<string, string>();
  const codes = new Map<string, string>();
  const failed = (c: Context, error: string) =>
    c.json({ error, error_description: "The code is incorrect or expired." });

  return new Hono()
    .get("/login/oauth/authorize", async (c) => {
      const { state = "", code_challenge: challenge = "", code_challenge_method: method = "" } = c.req.query();
      if (challenge !== "" && method === "S256") challenges.set(state, challenge);
      return page(await world.emulate.pass(pathOf(c), {}));
    })
    .post("/login/oauth/callback", async (c) => {
      const answer = await world.emulate.pass(pathOf(c), await sent(c));
      const back = answer.headers.get("location");
      if (back === null) return page(answer);
      const { searchParams } = new URL(back);
      const challenge = challenges.get(searchParams.get("state") ?? "");
      if (challenge !== undefined) codes.set(searchParams.get("code") ?? "", challenge);
      return c.redirect(back, 302);
    })
    .post("/login/oauth/access_token", async (c) => {
      const body = await sent(c);
      const form = new URLSearchParams(body.body);
      const challenge = codes.get(form.get("code") ?? "");
      codes.delete(form.get("code") ?? "");
      const shown = createHash("sha256")
        .update(form.get("code_verifier") ?? "")
        .digest("base64url");
      if (challenge !== shown) return failed(c, "bad_verification_code");
      const told = (await (await world.emulate.pass(pathOf(c), body)).json()) as { access_token?: string };
      const token = told.access_token;
      if (token === undefined) return c.json(told);
      const user = await world.emulate.pass("/user", { headers: { authorization: `token ${token}` } });
      const { login } = (await user.json()) as { login: string };
      world.tokens.set(token, { login, kind: "user", authorization: null });
      return c.json(told);
    });
}

const pathOf = (c: Context): string => new URL(c.req.url).pathname + new URL(c.req.url).search;

async function sent(c: Context): Promise<{ method: string; headers: Record<string, string>; body: string }> {
  const headers = { "content-type": c.req.header("content-type") ?? "", accept: c.req.header("accept") ?? "" };
  return { method: "POST", headers, body: await c.req.text() };
}

async function page(answer: Response): Promise<Response> {
  const headers = { "content-type": answer.headers.get("content-type") ?? "text/html" };
  return new Response(await answer.text(), { status: answer.status, headers });
}
