import { describe, expect, test } from "vitest";
import { clock as realClock, firstToken, inMemoryWorld, serveApi, token } from "./in-memory-world.ts";

const right = `Bearer ${token}`;

describe("reading the API", () => {
  test.each([
    ["no token", {}, 401],
    ["a wrong token", { authorization: "Bearer wrong" }, 401],
    ["the right token and more", { authorization: `${right}x` }, 401],
    ["an empty token", { authorization: "Bearer " }, 401],
    ["another scheme", { authorization: `Basic ${token}` }, 401],
    ["the token as a cookie", { cookie: `mayfly-session=${token}` }, 401],
    ["a session's id that is none", { cookie: `mayfly-session=${"a".repeat(64)}` }, 401],
    ["a forged session", { cookie: "mayfly-session=9999999999999.AAAA" }, 401],
    ["the right token", { authorization: right }, 200],
    ["the right token, scheme in small letters", { authorization: `bearer ${token}` }, 200],
  ])("with %s is let in or refused as it should be", async (_, headers, status) => {
    await using server = await serveApi(inMemoryWorld());
    for (const path of ["/api/previews", "/api/previews/shop-pr-42/logs", "/metrics"]) {
      const response = await fetch(`${server.url}${path}`, { headers: { ...headers } });
      expect([path, response.status]).toEqual([path, status]);
      expect(response.headers.get("www-authenticate")).toBe(status === 401 ? 'Bearer realm="mayfly"' : null);
      expect((await response.text()).includes('"unauthorized"')).toBe(status === 401);
    }
  });

  test("with an empty token configured lets nobody in", async () => {
    await using server = await serveApi(worldWith([firstToken("")]));
    expect((await fetch(`${server.url}/api/previews`, { headers: { authorization: "Bearer " } })).status).toBe(401);
    expect((await fetch(`${server.url}/?token=`, { headers: { accept: "text/html" } })).status).toBe(401);
  });

  test.each([["/healthz"], ["/readyz"]])("%s needs no token", async (path) => {
    await using server = await serveApi(inMemoryWorld());
    expect((await fetch(`${server.url}${path}`)).status).toBe(200);
  });

  test("/readyz says why it is not ready", async () => {
    await using server = await serveApi(
      inMemoryWorld({ ready: () => ({ ok: false, reason: "the engine does not answer" }) }),
    );
    const response = await fetch(`${server.url}/readyz`);
    expect([response.status, await response.text()]).toEqual([503, "the engine does not answer\n"]);
  });
});

describe("the dashboard's link", () => {
  test("sets a cookie that is not the token, and leads to the clean address", async () => {
    await using server = await serveApi(inMemoryWorld());
    const response = await fetch(`${server.url}/?q=cart&token=${token}`, { redirect: "manual" });
    const cookie = response.headers.get("set-cookie") ?? "";
    expect([response.status, response.headers.get("location")]).toEqual([303, "/?q=cart"]);
    expect(cookie).toMatch(/^mayfly-session=\S+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(cookie).not.toContain(token);
    const page = await fetch(server.url, { headers: { cookie: cookie.split(";")[0] ?? "" } });
    expect(page.status).toBe(200);
  });

  test("over https sets a cookie for this host alone that never travels in the clear", async () => {
    await using server = await serveApi(inMemoryWorld({ dashboardOrigin: "https://mayfly.test" }));
    const response = await fetch(`${server.url}/?token=${token}`, { redirect: "manual" });
    expect(response.headers.get("set-cookie")).toMatch(/^__Host-mayfly-session=.*; Secure; /);
  });

  test("never leads to another host", async () => {
    await using server = await serveApi(inMemoryWorld());
    const response = await fetch(`${server.url}//evil.test/?token=${token}`, { redirect: "manual" });
    expect(response.headers.get("location")).toBe("/evil.test/");
  });

  test("with a wrong token sets nothing and tells how to get the right one", async () => {
    await using server = await serveApi(inMemoryWorld());
    const response = await fetch(`${server.url}/?token=old`, { redirect: "manual" });
    expect([response.status, response.headers.get("set-cookie")]).toEqual([401, null]);
    expect(await response.text()).toContain("not valid any more");
  });

  test("makes a session that ends after 30 days, and with the token", async () => {
    let time = 1_000_000;
    const clock = { ...realClock, now: () => time };
    const world = inMemoryWorld({ clock });
    await using server = await serveApi(world);
    const cookie = await signedIn(server.url);
    const statusAt = async (at: number, url: string) => {
      time = at;
      return (await fetch(`${url}/api/previews`, { headers: { cookie } })).status;
    };
    const day = 24 * 60 * 60 * 1000;
    expect(await statusAt(1_000_000 + 29 * day, server.url)).toBe(200);
    expect(await statusAt(1_000_000 + 31 * day, server.url)).toBe(401);
    await using renewed = await serveApi({
      ...world,
      tokens: { ...world.tokens, given: [firstToken("another")] },
    });
    expect(await statusAt(1_000_000, renewed.url)).toBe(401);
  });
});

describe("a write with a session", () => {
  test.each([
    ["our own origin", { origin: "http://mayfly.test" }, 303],
    ["our own origin, said twice", { origin: "http://mayfly.test", "sec-fetch-site": "same-origin" }, 303],
    ["the very host it is sent to", { origin: "HERE" }, 303],
    ["no origin", {}, 403],
    ["another origin", { origin: "http://evil.test" }, 403],
    ["an opaque origin", { origin: "null" }, 403],
    ["a preview's origin", { origin: "http://shop-pr-42.mayfly.test" }, 403],
    ["another site, whatever the origin", { origin: "http://mayfly.test", "sec-fetch-site": "cross-site" }, 403],
    ["a sibling site, whatever the origin", { origin: "http://mayfly.test", "sec-fetch-site": "same-site" }, 403],
  ])("from %s is answered as it should", async (_, sent, status) => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const cookie = await signedIn(server.url);
    const headers: Record<string, string> = {
      cookie,
      "x-mayfly-form": await formTokenFor(server.url, cookie),
      ...sent,
    };
    if (headers["origin"] === "HERE") headers["origin"] = server.url;
    const page = await fetch(`${server.url}/previews/shop-pr-42/destroy`, {
      method: "POST",
      headers,
      redirect: "manual",
    });
    const api = await fetch(`${server.url}/api/previews/shop-pr-42/destroy`, { method: "POST", headers });
    expect([page.status, api.status]).toEqual([status, status === 303 ? 202 : 403]);
    expect(world.acts).toHaveLength(status === 303 ? 2 : 0);
    expect(await api.json()).toMatchObject(status === 303 ? { accepted: "destroy of 7-42" } : { code: "forbidden" });
  });

  test.each([
    ["as a page's form sends it", (form: string) => ({ body: new URLSearchParams({ form }) }), 303],
    ["without the form's own token", () => ({ body: new URLSearchParams({ other: "x" }) }), 403],
    ["with another session's", () => ({ body: new URLSearchParams({ form: "a".repeat(64) }) }), 403],
    ["in a body that is no form", (form: string) => ({ body: JSON.stringify({ form }) }), 403],
    ["in a body too long for a form", (form: string) => ({ body: `pad=${"x".repeat(20_000)}&form=${form}` }), 403],
  ])("from our own page %s is answered as it should", async (_, bodyOf, status) => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const cookie = await signedIn(server.url);
    const { body } = bodyOf(await formTokenFor(server.url, cookie));
    const type = "application/x-www-form-urlencoded";
    const isForm = typeof body !== "string" || body.startsWith("pad=");
    const headers = { cookie, origin: server.url, "content-type": isForm ? type : "application/json" };
    const sent = { method: "POST", redirect: "manual", headers, body: body.toString() } as const;
    expect((await fetch(`${server.url}/previews/shop-pr-42/redeploy`, sent)).status).toBe(status);
    expect(world.acts).toHaveLength(status === 303 ? 1 : 0);
  });

  test("needs no origin when it carries the token", async () => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const headers = { authorization: right, origin: "http://evil.test" };
    const response = await fetch(`${server.url}/api/previews/shop-pr-42/reset`, { method: "POST", headers });
    expect(response.status).toBe(202);
    expect(world.acts).toEqual([{ key: "7-42", verb: "reset", by: "the operator (api)" }]);
  });
});

function worldWith(given: ReturnType<typeof firstToken>[]) {
  const world = inMemoryWorld();
  return { ...world, tokens: { ...world.tokens, given } };
}

/** What our own page puts into its forms. */
async function formTokenFor(url: string, cookie: string): Promise<string> {
  const page = await (await fetch(url, { headers: { cookie } })).text();
  return /name="form" value="([0-9a-f]{64})"/.exec(page)?.[1] ?? "";
}

async function signedIn(url: string): Promise<string> {
  const response = await fetch(`${url}/?token=${token}`, { redirect: "manual" });
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}
