import { expect, test } from "vitest";
import { mayfly } from "../cli/spawned.ts";
import { inMemoryWorld, serveApi, token } from "./in-memory-world.ts";
import { pageOf } from "./page-of.ts";

const right = `Bearer ${token}`;
const entry = {
  actor: { kind: "person", name: "ann" },
  via: "comment",
  address: null,
  action: "redeploy",
  preview: "7-42",
  outcome: "refused",
  detail: "<b>no</b>",
} as const;

test("sign-ins, tokens, and what was refused are told, without any secret", async () => {
  const world = inMemoryWorld();
  await using server = await serveApi(world);
  const from = { "x-test-address": "192.0.2.7" };
  const opened = await fetch(`${server.url}/?token=${token}`, { redirect: "manual", headers: from });
  const cookie = (opened.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const made = await fetch(`${server.url}/api/tokens`, {
    method: "POST",
    headers: { authorization: right, ...from },
    body: JSON.stringify({ name: "looker", scopes: ["read"] }),
  });
  const { token: looker } = (await made.json()) as { token: string };
  const asLooker = { authorization: `Bearer ${looker}`, "user-agent": "mayfly/0.1.0", ...from };
  await fetch(`${server.url}/api/previews/shop-pr-42/destroy`, { method: "POST", headers: asLooker });
  await fetch(`${server.url}/api/tokens`, { headers: asLooker });
  await fetch(`${server.url}/previews/shop-pr-42/reset`, {
    method: "POST",
    headers: { cookie, origin: "http://evil.test" },
  });
  await fetch(`${server.url}/api/tokens/looker`, { method: "DELETE", headers: { authorization: right, ...from } });
  for (let guess = 0; guess < 12; guess += 1)
    await fetch(`${server.url}/api/previews`, { headers: { authorization: `Bearer guess-${guess}`, ...from } });

  const told = world.audit.list({ limit: 100 }).toReversed();
  const line = ({ actor, via, action, preview, outcome, detail }: (typeof told)[number]) =>
    [actor.name, via, action, preview ?? "-", outcome, detail ?? ""].join(" | ");
  expect(told.map(line)).toEqual([
    "first | dashboard | sign-in | - | done | with the dashboard's link",
    "first | api | token-create | - | done | looker: read",
    "looker | cli | destroy | 7-42 | refused | POST /api/previews/shop-pr-42/destroy needs a token with the scope deploy",
    "first | dashboard | reset | 7-42 | refused | the request comes from another site",
    "first | api | token-remove | - | done | looker",
    "somebody | api | sign-in | - | refused | with a token that is none",
    "somebody | api | sign-in | - | refused | 10 times wrong: not listened to for a minute",
  ]);
  expect(told.filter(({ address }) => address === "192.0.2.7")).toHaveLength(6);
  for (const secret of [token, looker, "guess-", cookie.split("=")[1]])
    expect(JSON.stringify(told)).not.toContain(secret);
});

test.each([
  ["", 2],
  ["?limit=1", 1],
  ["?since=1h", 2],
  ["?preview=acme/shop%2342", 1],
  ["?preview=shop-pr-42&since=7d", 1],
])("GET /api/audit%s answers newest first, with the name people know", async (query, count) => {
  const world = inMemoryWorld();
  world.audit.write({ ...entry, preview: null, action: "sign-in" });
  world.audit.write(entry);
  await using server = await serveApi(world);
  const response = await fetch(`${server.url}/api/audit${query}`, { headers: { authorization: right } });
  const entries = (await response.json()) as unknown[];
  expect(entries).toHaveLength(count);
  expect(entries[0]).toEqual({ ...entry, preview: "shop-pr-42", at: expect.any(Number) });
});

test.each([
  ["?since=yesterday", 400, "invalid-value"],
  ["?limit=0", 400, "invalid-value"],
  ["?preview=shop-pr-9", 404, "not-found"],
])("GET /api/audit%s is refused", async (query, status, code) => {
  await using server = await serveApi(inMemoryWorld());
  const response = await fetch(`${server.url}/api/audit${query}`, { headers: { authorization: right } });
  expect([response.status, await response.json()]).toMatchObject([status, { code }]);
});

test("a preview's page tells its last entries, and no addresses", async () => {
  const world = inMemoryWorld();
  for (let count = 0; count < 12; count += 1) world.audit.write({ ...entry, address: "192.0.2.7", via: "api" });
  const page = await pageOf(world, "/previews/shop-pr-42");
  const part = page.slice(page.indexOf('<section id="audit"'));
  expect(part.match(/<strong>redeploy<\/strong>/g)).toHaveLength(10);
  expect(part).toContain("&lt;b&gt;no&lt;/b&gt;");
  expect(part).not.toContain("192.0.2.7");
});

test("mayfly audit prints a table, and with --json the entries", async () => {
  const world = inMemoryWorld();
  world.audit.write(entry);
  await using server = await serveApi(world);
  const environment = { MAYFLY_SERVER: server.url, MAYFLY_API_TOKEN: token };
  const { code, out } = await mayfly(["audit", "--since", "7d", "--preview", "shop-pr-42"], { environment });
  expect(code).toBe(0);
  expect(out.split("\n")).toEqual([
    expect.stringMatching(/^AGE +WHO +FROM +ACTION +PREVIEW +OUTCOME$/),
    expect.stringMatching(/^[\d.]+ m?s +ann +comment +redeploy +shop-pr-42 +refused: <b>no<\/b>$/),
    "",
  ]);
  const json = await mayfly(["audit", "--json"], { environment });
  expect(JSON.parse(json.out)).toMatchObject([{ ...entry, preview: "shop-pr-42" }]);
  const none = await mayfly(["audit", "--since", "1ms"], { environment });
  expect(none).toMatchObject({ code: 0, out: "Nothing was done.\n" });
  expect((await mayfly(["audit", "--since", "soon"], { environment })).code).toBe(2);
});
