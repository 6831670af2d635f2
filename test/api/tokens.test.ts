import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { byItself } from "../../src/domain/audit.ts";
import type { Scope } from "../../src/domain/token.ts";
import { type InMemory, inMemoryWorld, serveApi, token } from "./in-memory-world.ts";

/** What each call answers, by the scopes of the token it carries. */
const table: [method: string, path: string, byScopes: Record<Scope, number>][] = [
  ["GET", "/api/previews", { read: 200, deploy: 403, admin: 200 }],
  ["GET", "/api/previews/shop-pr-42", { read: 200, deploy: 403, admin: 200 }],
  ["GET", "/api/previews/shop-pr-42/plan", { read: 200, deploy: 403, admin: 200 }],
  ["GET", "/api/previews/shop-pr-42/timeline", { read: 200, deploy: 403, admin: 200 }],
  ["GET", "/api/previews/shop-pr-42/logs", { read: 200, deploy: 403, admin: 200 }],
  ["GET", "/api/previews/shop-pr-42/build-logs", { read: 200, deploy: 403, admin: 200 }],
  ["POST", "/api/previews/shop-pr-42/redeploy", { read: 403, deploy: 202, admin: 202 }],
  ["POST", "/api/previews/shop-pr-42/allow?argument=def5678", { read: 403, deploy: 202, admin: 202 }],
  ["POST", "/api/previews/shop-pr-42/share", { read: 403, deploy: 200, admin: 200 }],
  ["POST", "/previews/shop-pr-42/redeploy", { read: 403, deploy: 303, admin: 303 }],
  ["GET", "/api/tokens", { read: 403, deploy: 403, admin: 200 }],
  ["POST", "/api/tokens", { read: 403, deploy: 403, admin: 400 }],
  ["DELETE", "/api/tokens/nobody", { read: 403, deploy: 403, admin: 404 }],
  ["GET", "/api/audit", { read: 403, deploy: 403, admin: 200 }],
  ["GET", "/metrics", { read: 200, deploy: 403, admin: 200 }],
  ["GET", "/", { read: 200, deploy: 403, admin: 200 }],
  ["GET", "/previews/shop-pr-42", { read: 200, deploy: 403, admin: 200 }],
  // Nothing tells those who may not ask what there is.
  ["PATCH", "/api/unheard-of", { read: 403, deploy: 404, admin: 404 }],
];

describe("a token's scopes", () => {
  test.each(table)("%s %s", async (method, path, byScopes) => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    for (const scope of ["read", "deploy", "admin"] as const) {
      const text = give(world, scope, [scope]);
      const response = await call(server.url, method, path, text);
      expect([scope, response.status]).toEqual([scope, byScopes[scope]]);
      if (response.status !== 403) continue;
      const problem = (await response.json()) as { code: string; detail: string; hint: string };
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(problem).toMatchObject({
        code: "forbidden",
        detail: expect.stringContaining("needs a token with the scope"),
      });
      expect(problem.hint).toContain(`The token ${scope} has ${scope}`);
    }
    const nobody = await fetch(`${server.url}${path}`, { method, redirect: "manual" });
    expect(nobody.status).toBe(401);
  });

  test("decide whether a program learns how to come into a preview", async () => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const look = async (scopes: Scope[]) => {
      const response = await call(server.url, "GET", "/api/previews/shop-pr-42", give(world, scopes.join("-"), scopes));
      return ((await response.json()) as { bypass?: string }).bypass;
    };
    expect(await look(["read"])).toBeUndefined();
    expect(await look(["read", "deploy"])).toBe("bypass of 7-42");
  });

  test("are those of the server file, too", async () => {
    const world = inMemoryWorld();
    const given = {
      name: "ci",
      sha256: hash("from-ci"),
      scopes: ["deploy"],
      from: "server file",
      createdAt: null,
    } as const;
    await using server = await serveApi({
      ...world,
      tokens: { ...world.tokens, given: [...world.tokens.given, given] },
    });
    expect((await call(server.url, "POST", "/api/previews/shop-pr-42/reset", "from-ci")).status).toBe(202);
    expect((await call(server.url, "GET", "/api/previews", "from-ci")).status).toBe(403);
    const refused = await call(server.url, "DELETE", "/api/tokens/ci", token);
    expect([refused.status, await refused.json()]).toEqual([
      400,
      expect.objectContaining({ code: "invalid-value", hint: expect.stringContaining("`tokens:` in the server file") }),
    ]);
  });
});

describe("a token made at runtime", () => {
  test("is told once, kept as a hash, listed without it, and gone once revoked", async () => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const made = await call(server.url, "POST", "/api/tokens", token, { name: "ci", scopes: ["read", "read"] });
    const answer = (await made.json()) as { token: string };
    expect([made.status, answer]).toEqual([201, { name: "ci", scopes: ["read"], token: answer.token }]);
    expect(answer.token).toMatch(/^mayfly_[0-9a-f]{40}$/);
    expect(world.tokens.made()).toEqual([expect.objectContaining({ name: "ci", sha256: hash(answer.token) })]);
    const list = await (await call(server.url, "GET", "/api/tokens", token)).text();
    expect(JSON.parse(list)).toEqual([
      { name: "first", scopes: ["admin"], from: "first", createdAt: null },
      { name: "ci", scopes: ["read"], from: "runtime", createdAt: expect.any(Number) },
    ]);
    expect(list).not.toContain(hash(answer.token));

    const opened = await fetch(`${server.url}/?token=${answer.token}`, { redirect: "manual" });
    const cookie = (opened.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const looks = async () => [
      (await call(server.url, "GET", "/api/previews", answer.token)).status,
      (await fetch(server.url, { headers: { cookie } })).status,
    ];
    expect(await looks()).toEqual([200, 200]);
    expect((await call(server.url, "DELETE", "/api/tokens/ci", token)).status).toBe(200);
    expect(await looks()).toEqual([401, 401]);
  });

  test.each([
    ["a name that is taken", { name: "taken", scopes: ["read"] }, "there is a token taken already"],
    ["the first one's name", { name: "first", scopes: ["read"] }, "there is a token first already"],
    ["a name with a slash", { name: "a/b", scopes: ["read"] }, "a token's name must be 1 to 63 letters"],
    ["an unknown scope", { name: "ci", scopes: ["write"] }, "the body is no description of a token"],
    ["no scope", { name: "ci", scopes: [] }, "the body is no description of a token"],
    ["more than is known", { name: "ci", scopes: ["read"], for: "ever" }, "the body is no description of a token"],
  ])("is refused with %s", async (_, body, what) => {
    const world = inMemoryWorld();
    give(world, "taken", ["read"]);
    await using server = await serveApi(world);
    const response = await call(server.url, "POST", "/api/tokens", token, body);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toContain(what);
    expect(world.tokens.made()).toHaveLength(1);
  });

  test("is not read from a body beyond all measure", async () => {
    await using server = await serveApi(inMemoryWorld());
    const response = await call(server.url, "POST", "/api/tokens", token, {
      name: "x".repeat(20_000),
      scopes: ["read"],
    });
    expect([response.status, await response.json()]).toMatchObject([413, { code: "body-too-large" }]);
  });
});

describe("wrong tokens", () => {
  test("are counted by address: after ten, even the right one waits a minute there, and nowhere else", async () => {
    let time = 1_000_000;
    const world = inMemoryWorld();
    const clock = { ...world.clock, now: () => time };
    await using server = await serveApi({ ...world, clock });
    const from = async (address: string, text: string) =>
      fetch(`${server.url}/api/previews`, { headers: { authorization: `Bearer ${text}`, "x-test-address": address } });
    for (let tried = 0; tried < 10; tried += 1) expect((await from("192.0.2.7", `guess-${tried}`)).status).toBe(401);
    const refused = await from("192.0.2.7", token);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(await refused.json()).toMatchObject({ code: "rate-limited", status: 429 });
    expect((await from("192.0.2.8", token)).status).toBe(200);
    const link = await fetch(`${server.url}/?token=${token}`, { headers: { "x-test-address": "192.0.2.7" } });
    expect(link.status).toBe(429);
    time += 60_000;
    expect((await from("192.0.2.7", token)).status).toBe(200);
  });
});

function give(world: InMemory, name: string, scopes: Scope[]): string {
  world.tokens.add(
    { name, sha256: hash(`text-of-${name}`), scopes },
    { ...byItself, action: "token-create", preview: null, outcome: "done", detail: name },
  );
  return `text-of-${name}`;
}

function call(url: string, method: string, path: string, text: string, body?: unknown): Promise<Response> {
  return fetch(`${url}${path}`, {
    method,
    redirect: "manual",
    headers: { authorization: `Bearer ${text}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
