import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createDrain } from "../../src/gateway/drain.ts";
import { withPreview } from "../../src/gateway/route-table.ts";
import { eventually } from "../support/eventually.ts";
import {
  HOST,
  PREVIEW,
  clock,
  get,
  head,
  openSite,
  openUpstream,
  openWorld,
  rawClient,
  rawRequest,
  routeTo,
} from "./world.ts";

const none = { request: 0, stream: 0, websocket: 0 };

test("a drain without anything under way is over at once", async () => {
  expect(await createDrain().drained("k:1", { timeoutMs: 60_000, clock })).toEqual({ cut: none });
});

test("a drain ends with the last use of its own generation", async () => {
  const drain = createDrain();
  const ends = [1, 2].map(() => drain.begin("k:1", { kind: "request", cut() {} }));
  drain.begin("k:2", { kind: "request", cut() {} });
  let over = false;
  const drained = drain.drained("k:1", { timeoutMs: 60_000, clock }).then((result) => ((over = true), result));
  ends[0]?.();
  ends[0]?.();
  await new Promise(setImmediate);
  expect(over).toBe(false);
  ends[1]?.();
  expect(await drained).toEqual({ cut: none });
  expect(drain.count("k:2")).toBe(1);
});

test("at the deadline the rest is cut and told by kind", async () => {
  const drain = createDrain();
  const cut: string[] = [];
  for (const kind of ["request", "stream", "websocket", "websocket"] as const)
    drain.begin("k:1", { kind, cut: () => cut.push(kind) });
  expect(await drain.drained("k:1", { timeoutMs: 5, clock })).toEqual({ cut: { request: 1, stream: 1, websocket: 2 } });
  expect(cut).toEqual(["request", "stream", "websocket", "websocket"]);
});

test("a drain that is called off rejects and cuts nothing", async () => {
  const drain = createDrain();
  drain.begin("k:1", { kind: "request", cut: () => expect.unreachable() });
  const signal = AbortSignal.abort();
  await expect(drain.drained("k:1", { timeoutMs: 60_000, clock, signal })).rejects.toThrow("aborted");
  expect(drain.count("k:1")).toBe(1);
});

test("a swap under load fails no request: the old version answers what it began and can go", async () => {
  await using world = await openWorld();
  let arrived = 0;
  const slow = await openUpstream((req, res) => {
    arrived += 1;
    req.resume().on("end", () => setTimeout(() => res.end("old"), 50 + (arrived % 7) * 20));
  });
  await using next = await openUpstream((req, res) => void req.resume().on("end", () => res.end("new")));
  world.route(routeTo(slow));
  const ask = (i: number): Promise<string> =>
    rawRequest(
      world.port,
      i % 2 === 0 ? get(`/${i}`) : head("POST / HTTP/1.1", `Host: ${HOST}`, "Connection: close", "Content-Length: 1"),
      i % 2 === 0 ? "" : "x",
    );
  const before = Array.from({ length: 50 }, (_, i) => ask(i));
  await eventually(() => arrived === 50);
  world.table = withPreview(world.table, PREVIEW, [routeTo(next, { generation: 2 })]);
  const after = Array.from({ length: 50 }, (_, i) => ask(i));
  const result = await world.gateway.drained("7-42:1", { timeoutMs: 10_000, clock, upstreams: [slow] });
  await slow[Symbol.asyncDispose]();
  expect(result).toEqual({ cut: none });
  const answers = await Promise.all([...before, ...after]);
  expect(answers.filter((text) => !text.startsWith("HTTP/1.1 200"))).toEqual([]);
  expect(answers.map((text) => (text.includes("old") ? "old" : "new"))).toEqual([
    ...Array(50).fill("old"),
    ...Array(50).fill("new"),
  ]);
});

test("thirty swaps under steady load fail no request", async () => {
  await using world = await openWorld();
  let current = await openUpstream((_, res) => res.end("0"));
  world.route(routeTo(current));
  const load = new AbortController();
  const statuses = new Map<string, number>();
  const visitors = Array.from({ length: 8 }, async () => {
    while (!load.signal.aborted) {
      const status = (await rawRequest(world.port, get("/"))).slice(9, 12);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  for (let generation = 2; generation <= 31; generation += 1) {
    const next = await openUpstream((_, res) => res.end(`${generation}`));
    world.route(routeTo(next, { generation }));
    await world.gateway.drained(`7-42:${generation - 1}`, { timeoutMs: 5000, clock, upstreams: [current] });
    await current[Symbol.asyncDispose]();
    current = next;
  }
  load.abort();
  await Promise.all(visitors);
  await current[Symbol.asyncDispose]();
  expect([...statuses.keys()]).toEqual(["200"]);
});

test("what outlives the deadline is cut: requests get a page, streams and WebSockets end", async () => {
  await using site = await openSite((req, res) => {
    if (req.url === "/events") res.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: 1\n\n");
  });
  const sockets = new WebSocketServer({ server: site.upstream.server });
  const socket = new WebSocket(`ws://127.0.0.1:${site.port}/`, { headers: { Host: HOST } });
  socket.on("error", () => undefined);
  await once(socket, "open");
  const hanging = rawClient(site.port, get("/hang"));
  const stream = rawClient(site.port, get("/events"));
  await eventually(() => stream.text().includes("data: 1") && site.gateway.underWay("7-42:1") === 3);
  const closed = once(socket, "close");
  const result = await site.gateway.drained("7-42:1", { timeoutMs: 20, clock });
  expect(result).toEqual({ cut: { request: 1, stream: 1, websocket: 1 } });
  await Promise.all([closed, stream.ended, hanging.ended]);
  expect(hanging.text()).toMatch(/^HTTP\/1\.1 502 [^]*was replaced/);
  await eventually(() => site.gateway.underWay("7-42:1") === 0 && sockets.clients.size === 0);
});
