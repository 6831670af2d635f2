import { request } from "node:http";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type PageModel, modelOfRoute } from "../../src/gateway/page-model.ts";
import { eventually } from "../support/eventually.ts";
import {
  HOST,
  type Listening,
  type World,
  get,
  openUpstream,
  openWorld,
  rawClient,
  rawRequest,
  routeTo,
} from "./world.ts";

const asleep = routeTo(null, { state: "asleep" });
const page = "Accept: text/html";
/** As the store knows it once the wish is written. */
const waking: PageModel = { ...modelOfRoute(asleep), commit: "abc1234", state: "serving" };

/** A preview that sleeps, and the upstream that it will have. */
async function openSleeper(
  limits: { pageAfterMs?: number; holdMs?: number; heldOfOne?: number; heldBytes?: number } = {},
): Promise<World & { upstream: Listening; wake(): void; seen: string[] }> {
  const seen: string[] = [];
  const upstream = await openUpstream((req, res) => {
    let size = 0;
    req.on("data", (chunk: Buffer) => (size += chunk.length));
    req.on("end", () => {
      seen.push(`${req.method} ${req.url} ${size}`);
      res.end("awake");
    });
  });
  const world = await openWorld({ limits: { pageAfterMs: 60, holdMs: 5000, ...limits } });
  world.route(asleep);
  world.model = waking;
  const close = world[Symbol.asyncDispose].bind(world);
  return Object.assign(world, {
    upstream,
    seen,
    wake: () => world.route(routeTo(upstream)),
    async [Symbol.asyncDispose]() {
      await close();
      await upstream[Symbol.asyncDispose]();
    },
  });
}

test("a request of any method waits until the preview is awake, its body unread", async () => {
  await using world = await openSleeper();
  const answer = new Promise<string>((resolve, reject) => {
    const post = request({ port: world.port, method: "POST", headers: { host: HOST } }, (res) => {
      res.on("data", (chunk: Buffer) => resolve(`${res.statusCode} ${chunk.toString()}`));
    });
    post.on("error", reject).end(Buffer.alloc(8_000_000));
  });
  const removed = rawRequest(world.port, `DELETE /row/7 HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
  await eventually(() => expect(world.roused).toHaveLength(1));
  expect(world.seen).toEqual([]);
  world.wake();
  expect(await answer).toBe("200 awake");
  expect(await removed).toContain("awake");
  expect(world.seen.toSorted()).toEqual(["DELETE /row/7 0", "POST / 8000000"]);
});

test("a thousand requests at once wake it once, and all are answered", async () => {
  await using world = await openSleeper();
  const answers = Array.from({ length: 1000 }, () => rawRequest(world.port, get("/")));
  await eventually(() => expect(world.gateway.awaited()).toEqual(["7-42"]));
  world.wake();
  const texts = await Promise.all(answers);
  expect(texts.filter((text) => !text.startsWith("HTTP/1.1 200"))).toEqual([]);
  expect(world.roused).toEqual(["7-42"]);
  expect(world.gateway.awaited()).toEqual([]);
});

test("a browser that would wait gets a page that becomes the site by itself; a quick wake it does not notice", async () => {
  await using world = await openSleeper();
  const shown = await rawRequest(world.port, get("/", page));
  expect(shown).toMatch(/^HTTP\/1\.1 503 /);
  expect(shown).toContain("Waking up");
  expect(shown).toContain("EventSource");
  const events = rawClient(world.port, get("/.mayfly/events"));
  await eventually(() => expect(events.text()).toContain("Waking up"));
  world.wake();
  await eventually(() => expect(events.text()).toContain("event: serving"));
  events.socket.destroy();

  world.route(asleep);
  const quick = rawRequest(world.port, get("/", page));
  await eventually(() => expect(world.roused).toHaveLength(2));
  world.wake();
  expect(await quick).toContain("awake");
});

test("anything else is held to the deadline, and then told when to come again", async () => {
  await using world = await openSleeper({ holdMs: 100 });
  const late = await rawRequest(world.port, get("/"));
  expect(late).toMatch(/^HTTP\/1\.1 503 /);
  expect(late).toMatch(/^Retry-After: 2\r$/m);
  const posted = rawClient(world.port, `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 500000\r\n\r\nabc`);
  expect(await posted.ended).toBe("end");
  expect(posted.text()).toMatch(/^Connection: close\r$/m);
});

test("who waits in vain is told at once why, and the next one tries again", async () => {
  await using world = await openSleeper();
  const held = rawRequest(world.port, get("/"));
  await eventually(() => expect(world.roused).toHaveLength(1));
  const failure = { what: "db exited with code 1", where: "", now: "See its log." };
  world.model = { ...waking, failure, log: ["FATAL: no space left"] };
  world.stuck();
  const text = await held;
  expect(text).toMatch(/^HTTP\/1\.1 503 /);
  for (const fact of ["It did not wake up", "db exited with code 1", "FATAL: no space left"])
    expect(text).toContain(fact);
  void rawRequest(world.port, get("/")).catch(() => undefined);
  await eventually(() => expect(world.roused).toHaveLength(2));
});

test("a WebSocket waits as well", async () => {
  await using world = await openSleeper();
  const sockets = new WebSocketServer({ server: world.upstream.server });
  sockets.on("connection", (socket) => socket.on("message", () => socket.send("hi")));
  const client = new WebSocket(`ws://127.0.0.1:${world.port}/`, { headers: { host: HOST } });
  const said = new Promise<string>((resolve, reject) => {
    client.on("open", () => client.send("hello")).on("error", reject);
    client.on("message", (data: Buffer) => resolve(data.toString()));
  });
  await eventually(() => expect(world.roused).toHaveLength(1));
  world.wake();
  expect(await said).toBe("hi");
  client.terminate();
});

test.each([
  ["a link unfurler", "User-Agent: Slackbot-LinkExpanding 1.0"],
  ["a crawler", "User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"],
  ["a monitor", "User-Agent: Better Uptime Bot"],
  ["a browser that only prefetches", "Sec-Purpose: prefetch"],
])("%s wakes nothing, and is told that it sleeps", async (_who, header) => {
  await using world = await openSleeper();
  world.model = { ...waking, state: "asleep" };
  const text = await rawRequest(world.port, get("/", header));
  expect(text).toMatch(/^HTTP\/1\.1 503 /);
  expect(text).toContain("Asleep");
  expect(world.roused).toEqual([]);
});

test("who leaves while it waits is forgotten", async () => {
  await using world = await openSleeper();
  const client = rawClient(world.port, get("/"));
  await eventually(() => expect(world.gateway.awaited()).toEqual(["7-42"]));
  client.socket.destroy();
  await eventually(() => expect(world.gateway.awaited()).toEqual([]));
  world.wake();
  expect(world.seen).toEqual([]);
});

test("who may not look wakes nothing", async () => {
  await using world = await openSleeper();
  world.rule = { access: "link", epoch: 0 };
  expect(await rawRequest(world.port, get("/"))).toMatch(/^HTTP\/1\.1 40[13] /);
  expect(world.roused).toEqual([]);
});

test.each([
  ["so many wait for one preview", { heldOfOne: 2 }],
  ["so much is kept of those who wait", { heldBytes: 20_000 }],
])("where %s, others are told at once to come again, and the first ones are answered", async (_when, limits) => {
  await using world = await openSleeper(limits);
  const ask = (path: string) => rawRequest(world.port, get(path));
  const first = [ask("/1"), ask("/2")];
  await eventually(() => expect(world.roused).toHaveLength(1));
  await eventually(async () => expect(await ask("/3")).toMatch(/^HTTP\/1.1 503 [^]*retry-after: 2/i));
  world.wake();
  for (const answer of [...first, ask("/3")]) expect(await answer).toMatch(/^HTTP\/1.1 200 /);
  expect(world.roused).toHaveLength(1);
});
