import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";
import { eventually } from "../support/eventually.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  building,
  API,
  browse,
  cookie,
  type Guarded,
  keyFor,
  openGuarded,
  soon,
  statusOf,
  valueOf,
} from "./guarded.ts";
import { HOST, get, head, routeTo } from "./world.ts";

let site: Guarded;
beforeEach(async () => {
  site = await openGuarded();
});
afterEach(() => site[Symbol.asyncDispose]());

test("the pages of a preview that does not run yet, and their events, are guarded as well", async () => {
  site.model = building;
  site.route(routeTo(null, { state: "building" }));
  const held = cookie(keyFor("cookie", { until: soon() }));
  expect(await site.ask(get("/", "Accept: text/html"))).not.toMatch(/def5678|npm ci/);
  expect(statusOf(await site.ask(get("/.mayfly/events")))).toBe(401);
  expect(await site.ask(get("/", "Accept: text/html", held))).toMatch(/^HTTP\/1\.1 503 [^]*def5678[^]*npm ci/);
});

describe("a WebSocket of a guarded preview", () => {
  const handshake = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  ];
  const upgrade = (...lines: string[]) => head("GET /ws HTTP/1.1", `Host: ${HOST}`, ...handshake, ...lines);

  test.each<[string, () => string[]]>([
    ["without a cookie", () => []],
    ["with another preview's cookie", () => [cookie(keyFor("cookie", { until: soon() }, ["7-43", "link", HOST]))]],
    [
      "of another preview's page",
      () => [cookie(keyFor("cookie", { until: soon() })), "Origin: http://shop-pr-43.preview.test"],
    ],
    ["of a page without an origin", () => [cookie(keyFor("cookie", { until: soon() })), "Origin: null"]],
    ["with a wrong header for programs", () => ["Mayfly-Bypass: x"]],
  ])("%s never reaches the application", async (_name, lines) => {
    const connections: unknown[] = [];
    site.upstream.server.on("upgrade", (_req, socket) => (connections.push(1), socket.destroy()));
    expect(statusOf(await site.ask(upgrade(...lines()), "frame"))).toBeGreaterThanOrEqual(401);
    expect(connections).toEqual([]);
  });

  test("of the preview's own page is carried, without our cookie", async () => {
    const server = new WebSocketServer({ server: site.upstream.server });
    let told: string | undefined = "none";
    server.on("connection", (_, req) => (told = req.headers.cookie));
    const headers = {
      Host: HOST,
      Origin: `http://${HOST}`,
      Cookie: `a=1; mayfly-preview=${keyFor("cookie", { until: soon() })}`,
    };
    const client = new WebSocket(`ws://127.0.0.1:${site.port}/ws`, { headers });
    await once(client, "open");
    await eventually(() => expect(told).toBe("a=1"));
    client.terminate();
  });
});

describe("a program", () => {
  test("comes in with its header, which the application never sees", async () => {
    expect(await site.ask(get("/x", `Mayfly-Bypass: ${keyFor("bypass")}`))).toContain("the site");
    expect(site.seen[0]?.headers["mayfly-bypass"]).toBeUndefined();
  });

  test("loses a header of ours at a public preview too", async () => {
    site.rule = { access: "public", epoch: 0 };
    await site.ask(get("/x", "Mayfly-Bypass: anything", "Cookie: mayfly-preview=x"));
    expect(site.seen[0]?.headers).not.toHaveProperty("mayfly-bypass");
    expect(site.seen[0]?.headers).not.toHaveProperty("cookie");
  });

  test.each<[string, () => string]>([
    ["of another preview", () => keyFor("bypass", {}, ["7-43", "link"])],
    ["taken back", () => keyFor("bypass", { epoch: 4 })],
    ["that is the link's", () => keyFor("open")],
    ["that is nothing", () => ""],
  ])("with a key %s stays outside, even with a right cookie", async (_name, key) => {
    const lines = [`Mayfly-Bypass: ${key()}`, cookie(keyFor("cookie", { until: soon() }))];
    expect(statusOf(await site.ask(get("/", ...lines)))).toBe(403);
    expect(site.seen).toEqual([]);
  });

  test("that tries keys is not listened to after twenty, and does not lock out whoever is in", async () => {
    const wrong = () => site.ask(get(`/.mayfly/open/0-0-.${"A".repeat(32)}/`));
    for (let i = 0; i < 20; i += 1) expect(statusOf(await wrong())).toBe(403);
    const text = await wrong();
    expect(statusOf(text)).toBe(429);
    expect(Number(valueOf(text, "retry-after"))).toBeGreaterThan(0);
    expect(statusOf(await site.ask(get("/", "Mayfly-Bypass: x")))).toBe(429);
    expect(statusOf(await site.ask(get(`/.mayfly/open/${keyFor("open")}/`)))).toBe(429);
    expect(statusOf(await site.ask(get("/", cookie(keyFor("cookie", { until: soon() })))))).toBe(200);
  });

  test("that polls with a cookie of yesterday is not taken for one that tries keys", async () => {
    for (let i = 0; i < 25; i += 1) await site.ask(get("/", cookie(keyFor("cookie", { until: soon(), epoch: 5 }))));
    expect(statusOf(await site.ask(get(`/.mayfly/open/${keyFor("open")}/`)))).toBe(303);
  });
});

describe("other sites, other previews among them", () => {
  const other = "http://shop-pr-43.preview.test";
  test.each<[string, string[], number]>([
    ["a link on GitHub", ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"], 200],
    ["an address that was typed", ["Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"], 200],
    ["its own page", ["Sec-Fetch-Site: same-origin", `Origin: http://${HOST}`], 200],
    ["its own form without a referrer", ["Sec-Fetch-Site: same-origin", "Origin: null"], 200],
    ["a page of its sibling host", ["Sec-Fetch-Site: same-site", `Origin: http://${API}`], 200],
    [
      "an image on its sibling host",
      ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors", `Referer: http://${API}/`],
      200,
    ],
    ["a browser that tells no site", [], 200],
    ["another preview's page", ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors", `Origin: ${other}`], 403],
    ["another preview's form", ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", `Origin: ${other}`], 403],
    [
      "another preview's script tag",
      ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors", `Referer: ${other}/`],
      403,
    ],
    ["one that hides where it is", ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors"], 403],
    ["an older browser on another preview", [`Origin: ${other}`], 403],
    ["a sandboxed frame", ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors", "Origin: null"], 403],
  ])("%s", async (_name, lines, status) => {
    site.route(routeTo(site.upstream), routeTo(site.upstream, { host: API, service: "api" }));
    const { jar } = await browse(site, HOST, `/.mayfly/open/${keyFor("open")}/`);
    expect(statusOf(await site.ask(get("/data", cookie(jar.get(HOST) ?? ""), ...lines)))).toBe(status);
  });

  test("a page of a sibling host may ask what it may send, and the application is not asked", async () => {
    site.route(routeTo(site.upstream), routeTo(site.upstream, { host: API, service: "api" }));
    const preflight = (origin: string) =>
      site.ask(
        head(
          "OPTIONS /data HTTP/1.1",
          `Host: ${API}`,
          "Connection: close",
          `Origin: ${origin}`,
          "Access-Control-Request-Method: PUT",
          "Access-Control-Request-Headers: content-type,x-a",
        ),
      );
    const allowed = await preflight(`http://${HOST}`);
    expect(statusOf(allowed)).toBe(200);
    expect(valueOf(allowed, "access-control-allow-origin")).toBe(`http://${HOST}`);
    expect(valueOf(allowed, "access-control-allow-credentials")).toBe("true");
    expect(valueOf(allowed, "access-control-allow-methods")).toBe("PUT");
    expect(valueOf(allowed, "access-control-allow-headers")).toBe("content-type,x-a");
    const foreign = await preflight(other);
    expect(statusOf(foreign)).toBe(401);
    expect(valueOf(foreign, "access-control-allow-origin")).toBeUndefined();
    expect(site.seen).toEqual([]);
  });
});
