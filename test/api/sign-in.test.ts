import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGitHub, type GitHub } from "../../demo/github-server.ts";
import { RemoteError } from "../../src/domain/errors.ts";
import { localRepositoryId } from "../../src/domain/local.ts";
import type { Level } from "../../src/domain/person.ts";
import { createGitHubClient } from "../../src/feedback/github-client.ts";
import { createGitHubSignIn } from "../../src/feedback/github-sign-in.ts";
import { view } from "./examples.ts";
import { headers } from "./page-of.ts";
import { clock, type InMemory, inMemoryWorld, serveApi } from "./in-memory-world.ts";

const oauth = { clientId: "Iv1.test", clientSecret: "a client's secret" };
const callbackUrl = "http://mayfly.test/sign-in/callback";
let github: GitHub;

beforeAll(async () => {
  github = await createGitHub({
    users: ["ann", "bob", "mallory"],
    token: "ghp_test",
    oauth: { ...oauth, callbackUrl },
    repositories: [
      { name: "acme/shop", files: { "README.md": "shop" }, private: true, collaborators: { ann: "push", bob: "pull" } },
      { name: "acme/site", files: { "README.md": "site" } },
    ],
  });
});
afterAll(() => github.stop());

const shop = view();
const site = view({ key: "8-1", slug: "site-pr-1", repository: "acme/site", number: 1, title: "Open to all" });
const local = view({ key: `${localRepositoryId("here")}-1`, slug: "mine-pr-1", repository: "acme/site", number: 1 });

function world(changes: Partial<InMemory> = {}): InMemory {
  const client = createGitHubClient({ ...github, token: "ghp_test", app: null, clock, log: inMemoryWorld().log });
  return inMemoryWorld({
    views: [shop, site, local],
    signIn: createGitHubSignIn({ webUrl: github.url, apiUrl: github.apiUrl, oauth, callbackUrl }),
    permissionOf: client.permissionOf,
    ...changes,
  });
}

type Browser = { url: string; cookie: string };

/** Goes to GitHub and back as a browser does; answers what our callback answered. */
async function signIn(url: string, login: string, { to = "/", cookie = "" } = {}) {
  const begun = await fetch(`${url}/sign-in?to=${encodeURIComponent(to)}`, { redirect: "manual" });
  const pending = cookieOf(begun);
  const asked = new URL(begun.headers.get("location") ?? "");
  await fetch(asked);
  const query = Object.fromEntries(asked.searchParams);
  const form = new URLSearchParams({ login, scope: "", ...query });
  const back = await fetch(`${github.url}/login/oauth/callback`, { method: "POST", body: form, redirect: "manual" });
  const { search } = new URL(back.headers.get("location") ?? "");
  const answer = await fetch(`${url}/sign-in/callback${search}`, {
    redirect: "manual",
    headers: { cookie: cookie || pending, accept: "text/html" },
  });
  return { asked, pending, search, answer };
}

async function as(url: string, login: string): Promise<Browser> {
  return { url, cookie: cookieOf((await signIn(url, login)).answer) };
}

describe("signing in with GitHub", () => {
  test("asks for no scope, with state and PKCE, and leads back to where one came from", async () => {
    const here = world();
    await using server = await serveApi(here);
    const { asked, pending, answer } = await signIn(server.url, "ann", { to: "/previews/shop-pr-42?find=x" });
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      client_id: oauth.clientId,
      response_type: "code",
      redirect_uri: callbackUrl,
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/previews/shop-pr-42?find=x"]);
    const cookies = answer.headers.getSetCookie();
    expect(cookies[0]).toMatch(/^mayfly-sign-in=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(cookies[1]).toMatch(/^mayfly-session=[0-9a-f]{64}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(here.audit.list({ limit: 5 })).toMatchObject([
      { actor: { kind: "person", name: "ann" }, via: "dashboard", action: "sign-in", outcome: "done" },
    ]);
    expect(Buffer.from(pending.split("=")[1] ?? "", "base64url").toString()).not.toContain(oauth.clientSecret);
  });

  test("over https keeps cookies to this very host", async () => {
    await using server = await serveApi(world({ dashboardOrigin: "https://mayfly.test" }));
    const { pending } = await signIn(server.url, "ann");
    expect(pending).toMatch(/^__Host-mayfly-sign-in=/);
  });

  test.each([
    ["without the cookie it began with", () => ({ cookie: "other=1" })],
    ["with another's cookie", (other: string) => ({ cookie: other })],
    ["with a cookie that is none", () => ({ cookie: "mayfly-sign-in=e30" })],
  ])("is refused %s, and told in the audit", async (_, cookieFor) => {
    const here = world();
    await using server = await serveApi(here);
    const other = (await signIn(server.url, "bob")).pending;
    const { answer } = await signIn(server.url, "ann", cookieFor(other));
    expect([answer.status, answer.headers.getSetCookie().some((each) => each.startsWith("mayfly-session"))]).toEqual([
      401,
      false,
    ]);
    expect(await answer.text()).toContain("That did not work");
    expect(here.audit.list({ limit: 1 })).toMatchObject([{ action: "sign-in", outcome: "refused" }]);
  });

  test("is not tried at GitHub for an address that was wrong ten times within a minute", async () => {
    let asked = 0;
    const finish = () => {
      asked += 1;
      return Promise.reject(new RemoteError("sign-in-failed", "GitHub did not confirm who you are"));
    };
    const signIn = { begin: () => expect.unreachable(), finish };
    await using server = await serveApi(world({ signIn }));
    const pending = Buffer.from(JSON.stringify({ state: "s", verifier: "v", to: "/" })).toString("base64url");
    const call = async () => {
      const headers = { cookie: `mayfly-sign-in=${pending}` };
      return (await fetch(`${server.url}/sign-in/callback?code=guess&state=s`, { headers })).status;
    };
    for (let i = 0; i < 10; i += 1) expect(await call()).toBe(401);
    expect([await call(), asked]).toEqual([429, 10]);
  });

  test("is good once: the same answer of GitHub's opens nothing again", async () => {
    await using server = await serveApi(world());
    const { pending, search } = await signIn(server.url, "ann");
    const again = await fetch(`${server.url}/sign-in/callback${search}`, { headers: { cookie: pending } });
    expect([again.status, await again.json()]).toMatchObject([401, { code: "sign-in-failed" }]);
  });

  test("tells who did not agree so", async () => {
    await using server = await serveApi(world());
    const begun = await fetch(`${server.url}/sign-in`, { redirect: "manual" });
    const state = new URL(begun.headers.get("location") ?? "").searchParams.get("state") ?? "";
    const answer = await fetch(`${server.url}/sign-in/callback?error=access_denied&state=${state}`, {
      headers: { cookie: cookieOf(begun) },
    });
    expect(await answer.json()).toMatchObject({ detail: "you did not let Mayfly know who you are" });
  });

  test("is offered where it is set up, and ends with signing out", async () => {
    const here = world();
    await using server = await serveApi(here);
    const page = await fetch(`${server.url}/previews/shop-pr-42?find=a`, { headers: { accept: "text/html" } });
    expect(await page.text()).toContain('href="/sign-in?to=%2Fpreviews%2Fshop-pr-42%3Ffind%3Da"');
    const { cookie } = await as(server.url, "ann");
    const out = (headers: Record<string, string>) =>
      fetch(`${server.url}/sign-out`, { method: "POST", redirect: "manual", headers: { cookie, ...headers } });
    expect((await out({ origin: "http://evil.test" })).status).toBe(403);
    expect((await fetch(server.url, { headers: { cookie } })).status).toBe(200);
    expect((await out({ origin: server.url })).status).toBe(303);
    expect((await fetch(server.url, { headers: { cookie } })).status).toBe(401);
    expect(here.audit.list({ limit: 1 })).toMatchObject([{ actor: { name: "ann" }, action: "sign-out" }]);
  });

  test("is not there where it is not set up", async () => {
    await using server = await serveApi(world({ signIn: null }));
    const begun = await fetch(`${server.url}/sign-in`, { redirect: "manual" });
    expect([begun.status, begun.headers.get("location")]).toEqual([303, "/"]);
    expect(await (await fetch(server.url, { headers: { accept: "text/html" } })).text()).not.toContain("GitHub</a>");
  });
});

describe("a person sees and may do what GitHub says of the repository", () => {
  const table: [login: string, slug: string, level: Level][] = [
    ["ann", "shop-pr-42", "write"],
    ["bob", "shop-pr-42", "read"],
    ["mallory", "shop-pr-42", "none"],
    ["mallory", "site-pr-1", "read"],
    ["ann", "mine-pr-1", "none"],
  ];
  test.each(table)("%s, %s: %s", async (login, slug, level) => {
    const here = world();
    await using server = await serveApi(here);
    const { cookie } = await as(server.url, login);
    const get = async (path: string) => fetch(`${server.url}${path}`, { headers: { cookie, accept: "text/html" } });
    const seen = level === "none" ? 404 : 200;
    for (const path of ["", "/plan", "/timeline", "/logs", "/build-logs"])
      expect([path, (await get(`/api/previews/${slug}${path}`)).status]).toEqual([path, seen]);
    const page = await get(`/previews/${slug}`);
    const text = await page.text();
    expect(page.status).toBe(seen);
    expect(text.includes("<summary aria-label=")).toBe(level === "write");
    // In the very words of what is not there at all.
    const nothing = plain(await (await get("/previews/nothing")).text(), "nothing");
    expect(plain(text, slug) === nothing).toBe(level === "none");
    expect((await (await get("/")).text()).includes(`/previews/${slug}"`)).toBe(level !== "none");
    expect((await (await get("/api/previews")).text()).includes(slug)).toBe(level !== "none");
    expect((await (await get(`/api/previews/${slug}`)).text()).includes("bypass")).toBe(level === "write");

    const form = /name="form" value="([0-9a-f]{64})"/.exec(text)?.[1] ?? (await formOf(here, cookie));
    const headers = { cookie, origin: server.url, "x-mayfly-form": form };
    const acted = level === "write" ? 202 : level === "read" ? 403 : 404;
    for (const verb of ["redeploy", "share"]) {
      const answer = await fetch(`${server.url}/api/previews/${slug}/${verb}`, { method: "POST", headers });
      expect(answer.status).toBe(verb === "share" && acted === 202 ? 200 : acted);
    }
    expect(here.acts).toEqual(level === "write" ? [{ key: "7-42", verb: "redeploy", by: "ann (dashboard)" }] : []);
  });

  test.each(["/api/tokens", "/api/audit", "/metrics"])(
    "%s concerns the whole server, and is for tokens",
    async (path) => {
      await using server = await serveApi(world());
      const { cookie } = await as(server.url, "ann");
      const answer = await fetch(`${server.url}${path}`, { headers: { cookie } });
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: "forbidden" }]);
    },
  );

  test("what the machine is short of is told to the operator, and to nobody else who signed in", async () => {
    const notices = ["Little room is left on the engine's disk."];
    await using server = await serveApi(world({ server: () => ({ disk: null, memory: null, notices }) }));
    const { cookie } = await as(server.url, "bob");
    const page = await (await fetch(server.url, { headers: { cookie, accept: "text/html" } })).text();
    expect(page).toContain("shop-pr-42");
    expect(page).not.toContain("Little room");
    expect(await (await fetch(server.url, { headers })).text()).toContain("Little room");
  });

  test("is asked of GitHub once a minute", async () => {
    let asked = 0;
    let time = 1_000_000;
    let level: Level = "read";
    const here = world({
      clock: { ...clock, now: () => time },
      permissionOf: async () => {
        asked += 1;
        return level;
      },
      views: [shop],
    });
    await using server = await serveApi(here);
    const { cookie } = await as(server.url, "ann");
    const looks = async () => (await fetch(`${server.url}/api/previews/shop-pr-42`, { headers: { cookie } })).status;
    expect([await looks(), await looks(), asked]).toEqual([200, 200, 1]);
    level = "none";
    expect(await looks()).toBe(200);
    time += 60_000;
    expect([await looks(), asked]).toEqual([404, 2]);
  });

  test("and nothing while GitHub does not say: 503 when it is down, 404 where it refuses us", async () => {
    let retry: "backoff" | "never" = "backoff";
    const here = world({
      views: [shop],
      permissionOf: async () => {
        throw new RemoteError(retry === "never" ? "forge-refused" : "forge-unreachable", "no", { retry });
      },
    });
    await using server = await serveApi(here);
    const { cookie } = await as(server.url, "ann");
    const looks = async () => (await fetch(`${server.url}/api/previews/shop-pr-42`, { headers: { cookie } })).status;
    expect(await looks()).toBe(503);
    retry = "never";
    expect(await looks()).toBe(404);
  });

  test("a login that passed to another person is nobody", async () => {
    const client = createGitHubClient({ ...github, token: "ghp_test", app: null, clock, log: inMemoryWorld().log });
    expect(await client.permissionOf("acme/shop", { login: "ann", id: 999_999 })).toBe("none");
  });

  test("a stream of lines ends with the permission", async () => {
    let level: Level = "read";
    let time = Date.now();
    const here = world({ clock: { ...clock, now: () => time }, permissionOf: async () => level, views: [shop] });
    await using server = await serveApi(here);
    const { cookie } = await as(server.url, "ann");
    const stream = await fetch(`${server.url}/api/previews/shop-pr-42/logs?follow=true`, { headers: { cookie } });
    level = "none";
    time += 61_000;
    const text = await stream.text();
    expect(text.trimEnd().split("\n\n").at(-1)).toContain('"code":"not-found"');
  });
});

describe("the way into a preview that asks for signing in", () => {
  const visits: Partial<InMemory> = {
    visit: (address) =>
      URL.canParse(address) && new URL(address).hostname === "shop-pr-42.preview.test"
        ? { preview: shop.key, enter: () => "http://shop-pr-42.preview.test/.mayfly/pass/a-pass" }
        : null,
  };
  const to = encodeURIComponent("http://shop-pr-42.preview.test/cart?a=b");

  test.each([
    ["ann", to, 303, "http://shop-pr-42.preview.test/.mayfly/pass/a-pass"],
    ["bob", to, 303, "http://shop-pr-42.preview.test/.mayfly/pass/a-pass"],
    ["mallory", to, 404, null],
    ["ann", encodeURIComponent("http://evil.test/"), 404, null],
    ["ann", "nonsense", 404, null],
    ["ann", "", 404, null],
  ])("for %s to %s is answered %i", async (login, address, status, location) => {
    await using server = await serveApi(world(visits));
    const { cookie } = await as(server.url, login);
    const answer = await fetch(`${server.url}/visit?to=${address}`, { headers: { cookie }, redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([status, location]);
  });

  test("leads through signing in, and back", async () => {
    await using server = await serveApi(world(visits));
    const page = await (await fetch(`${server.url}/visit?to=${to}`, { headers: { accept: "text/html" } })).text();
    const link = /href="\/sign-in\?to=([^"]+)"/.exec(page)?.[1] ?? "";
    const { answer } = await signIn(server.url, "ann", { to: decodeURIComponent(link) });
    expect(answer.headers.get("location")).toBe(`/visit?to=${to}`);
  });
});

/** Without what differs between two pages in any case. */
function plain(page: string, slug: string): string {
  return page.replaceAll(slug, "X").replaceAll(/nonce="[^"]*"/g, "");
}

/** For who sees no page with a form: what such a page would carry. */
async function formOf(here: InMemory, cookie: string): Promise<string> {
  await using open = await serveApi({ ...here, views: [site], permissionOf: async () => "write" } as InMemory);
  const page = await (await fetch(open.url, { headers: { cookie } })).text();
  return /name="form" value="([0-9a-f]{64})"/.exec(page)?.[1] ?? "";
}

function cookieOf(answer: Response): string {
  return answer.headers.getSetCookie().at(-1)?.split(";")[0] ?? "";
}
