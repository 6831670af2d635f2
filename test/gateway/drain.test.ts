import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
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
  openRawUpstream,
  openSite,
  openUpstream,
  openWorld,
  rawClient,
  rawRequest,
  routeTo,
} from "./world.ts";

const none = { request: 0, stream: 0, websocket: 0 };
const upgrade = head(
  "GET /ws HTTP/1.1",
  `Host: ${HOST}`,
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
);
const accepted = head("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade");

test("a drain without anything under way is over at once", async () => {
  expect(await createDrain().drained("k:1", { timeoutMs: 60_000, clock })).toEqual({ cut: none });
});

test("a drain ends with the last use of its own generation", async () => {
  const drain = createDrain();
  const ends = [1, 2].map(() => drain.begin("k:1", { kind: "request", leave() {}, cut() {} }));
  drain.begin("k:2", { kind: "request", leave() {}, cut() {} });
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
  const told: string[] = [];
  const cut: string[] = [];
  for (const kind of ["request", "stream", "websocket", "websocket"] as const)
    drain.begin("k:1", { kind, leave: (why) => told.push(`${kind} ${why}`), cut: () => cut.push(kind) });
  expect(await drain.drained("k:1", { timeoutMs: 5, clock })).toEqual({ cut: { request: 1, stream: 1, websocket: 2 } });
  expect(told).toEqual(["request", "stream", "websocket", "websocket"].map((kind) => `${kind} replaced`));
  expect(cut).toEqual(["request", "stream", "websocket", "websocket"]);
});

test("a drain that is called off rejects and cuts nothing", async () => {
  const drain = createDrain();
  drain.begin("k:1", { kind: "request", leave() {}, cut: () => expect.unreachable() });
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

test("what outlives the deadline is cut: a request gets a page, a WebSocket that heard nothing and a stream that is no browser's end", async () => {
  await using site = await openSite((req, res) => {
    if (req.url === "/events") res.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: 1\n\n");
  });
  await using deaf = await openRawUpstream(
    (socket) => void socket.once("data", () => socket.write(`${accepted}\x82\x7e`)),
  );
  const hanging = rawClient(site.port, get("/hang"));
  const stream = rawClient(site.port, get("/events"));
  await eventually(() => stream.text().includes("data: 1") && site.gateway.underWay("7-42:1") === 2);
  site.route(routeTo(deaf));
  // Its application is in the middle of a frame for ever.
  const socket = rawClient(site.port, upgrade);
  await eventually(() => socket.text().includes("101"));
  const result = await site.gateway.drained("7-42:1", { timeoutMs: 20, clock });
  expect(result).toEqual({ cut: { request: 1, stream: 1, websocket: 1 } });
  expect(await Promise.all([stream.ended, hanging.ended, socket.ended])).toEqual(["reset", "end", "end"]);
  expect(hanging.text()).toMatch(/^HTTP\/1\.1 502 [^]*was replaced/);
  expect(socket.text()).toMatch(/\x82\x7e$/);
  await eventually(() => site.gateway.underWay("7-42:1") === 0);
});

test("WebSockets are told with 1012 between two frames, also one whose handshake is under way, and nothing follows", async () => {
  await using site = await openSite((_, res) => res.end());
  const heard: number[] = [];
  const sockets = new WebSocketServer({ server: site.upstream.server });
  sockets.on("connection", (socket) => {
    const timer = setInterval(() => socket.send("x".repeat(100_000)), 1);
    socket.on("close", (code) => (clearInterval(timer), heard.push(code)));
  });
  let accept = (): void => undefined;
  await using slow = await openRawUpstream((socket) => {
    socket.once("data", () => (accept = () => socket.write(`${accepted}\x82\x02hi\x82\x02no`)));
  });
  const clients = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const client = new WebSocket(`ws://127.0.0.1:${site.port}/`, { headers: { Host: HOST } });
      const sizes = new Set<number>();
      client.on("message", (data: Buffer) => sizes.add(data.length));
      const closed = once(client, "close");
      await once(client, "message");
      return { closed, sizes };
    }),
  );
  site.route(routeTo(slow));
  const late = rawClient(site.port, upgrade);
  await eventually(() => site.gateway.underWay("7-42:1") === 21);
  const drained = site.gateway.drained("7-42:1", { timeoutMs: 60_000, clock });
  for (const { closed, sizes } of clients) {
    expect(await closed).toEqual([1012, Buffer.from("a new version took over")]);
    expect([...sizes]).toEqual([100_000]);
  }
  await eventually(() => expect(heard).toEqual(Array(20).fill(1012)));
  accept();
  const farewell = "\r\n\r\n\x88\x19\x03\xf4a new version took over";
  await eventually(() => expect(late.text().endsWith(farewell)).toBe(true));
  late.socket.destroy();
  expect(await drained).toEqual({ cut: none });
});

test.each([
  ["at once, where the last event is whole", "data: 1\n\n", ""],
  ["behind the event that is under way", "data: 1\r\n\r\ndata: 2\r\n", "\r\ndata: 3\r\n\r\n"],
  ["before its first event", "", ""],
])("an EventSource's stream ends %s, and other clients' streams go on to their end", async (_when, begun, rest) => {
  const streams: ServerResponse[] = [];
  await using site = await openSite((_req, res) => {
    streams.push(res.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" }));
    res.flushHeaders();
    if (begun !== "") res.write(begun);
  });
  const accept = "Accept: text/event-stream";
  const ours = rawClient(site.port, head("GET / HTTP/1.1", `Host: ${HOST}`, accept));
  const posted = rawClient(site.port, head("POST / HTTP/1.1", `Host: ${HOST}`, accept, "Content-Length: 0"));
  const hasBegun = (text: string) => (begun === "" ? text.includes("\r\n\r\n") : text.includes(begun));
  await eventually(() => hasBegun(ours.text()) && hasBegun(posted.text()));
  const drained = site.gateway.drained("7-42:1", { timeoutMs: 60_000, clock });
  await new Promise(setImmediate);
  expect(site.gateway.underWay("7-42:1")).toBe(rest === "" ? 1 : 2);
  if (rest !== "") for (const each of streams) each.write(rest);
  await eventually(() => expect(ours.text()).toMatch(/\r\n0\r\n\r\n$/));
  expect(bodyOf(ours.text())).toBe(begun + rest);
  for (const each of streams) each.end("data: last\n\n");
  expect(await drained).toEqual({ cut: none });
  await eventually(() => expect(bodyOf(posted.text())).toBe(`${begun}${rest}data: last\n\n`));
  // The client's connection goes on to whoever answers now.
  await using next = await openUpstream((_, res) => res.end("next"));
  site.route(routeTo(next, { generation: 2 }));
  ours.socket.write(get("/"));
  await eventually(() => expect(ours.text()).toMatch(/next$/));
  for (const { socket } of [ours, posted]) socket.destroy();
});

test("who puts a preview to sleep, or Mayfly itself away, tells WebSockets 1001", async () => {
  await using site = await openSite((_, res) => res.end());
  const server = new WebSocketServer({ server: site.upstream.server });
  server.on("connection", (socket) => socket.send("hello"));
  const open = async () => {
    const client = new WebSocket(`ws://127.0.0.1:${site.port}/`, { headers: { Host: HOST } });
    const closed = once(client, "close");
    await once(client, "open");
    return { closed };
  };
  const lulled = await open();
  await site.gateway.quiet("7-42:1", { timeoutMs: 1000, clock, cut: true });
  expect(await lulled.closed).toEqual([1001, Buffer.from("going away")]);
  const left = await open();
  await site.gateway.close({ timeoutMs: 10_000, streamsMs: 0 });
  expect(await left.closed).toEqual([1001, Buffer.from("going away")]);
});

/** The body of a chunked answer. */
function bodyOf(text: string): string {
  const chunks = text.slice(text.indexOf("\r\n\r\n") + 4).matchAll(/([0-9a-f]+)\r\n/g);
  let body = "";
  let at = 0;
  const all = text.slice(text.indexOf("\r\n\r\n") + 4);
  for (const { 0: line, 1: size, index } of chunks) {
    if (index !== at) continue;
    const bytes = Number.parseInt(size ?? "", 16);
    body += all.slice(at + line.length, at + line.length + bytes);
    at += line.length + bytes + 2;
  }
  return body;
}

test("answers that are written and that their client does not read are cut a moment later", async () => {
  const body = Buffer.alloc(60 * 1024);
  await using site = await openSite((_, res) => res.end(body));
  const client = connect(site.port, "127.0.0.1");
  client.on("error", () => {
    // It is reset, which is what is asked for.
  });
  client.pause();
  client.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`.repeat(500));
  let before = -1;
  await eventually(
    () => {
      const [now, was] = [site.gateway.underWay("7-42:1"), before];
      before = now;
      return now > 0 && now === was;
    },
    { everyMs: 200 },
  );
  const { cut } = await site.gateway.drained("7-42:1", { timeoutMs: 100, clock });
  expect(cut.request).toBeGreaterThan(0);
  await eventually(() => site.gateway.underWay("7-42:1") === 0);
  client.destroy();
});
