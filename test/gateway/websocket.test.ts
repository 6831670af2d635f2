import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { eventually } from "../support/eventually.ts";
import { HOST, head, openRawUpstream, openSite, openWorld, rawClient, rawRequest, routeTo } from "./world.ts";

const handshake = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
];
const upgrade = head("GET /ws HTTP/1.1", `Host: ${HOST}`, ...handshake);

test("a WebSocket echoes through, counts as under way, and its traffic as use", async () => {
  await using site = await openSite((_, res) => res.end());
  const server = new WebSocketServer({ server: site.upstream.server });
  server.on("connection", (socket, req) => {
    socket.send(`hello at ${req.headers.host}`);
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const client = new WebSocket(`ws://127.0.0.1:${site.port}/ws`, { headers: { Host: HOST } });
  const received: string[] = [];
  client.on("message", (data: Buffer) => received.push(data.toString()));
  await once(client, "open");
  for (let i = 0; i < 200; i += 1) client.send(`message ${i} ${"x".repeat(i * 100)}`);
  await eventually(() => received.length === 201);
  expect(received[0]).toBe(`hello at ${HOST}`);
  expect(received.at(-1)).toMatch(/^message 199/);
  expect(site.gateway.underWay("7-42:1")).toBe(1);
  expect(site.visits.filter(({ kind }) => kind === "traffic").length).toBeGreaterThan(1);
  client.close();
  await eventually(() => site.gateway.underWay("7-42:1") === 0);
  expect(server.clients.size).toBe(0);
});

test("the application sees X-Forwarded-* and a clean upgrade, and hop-by-hop headers of its 101 stay behind", async () => {
  let seen = "";
  await using upstream = await openRawUpstream((socket) => {
    socket.once("data", (chunk) => {
      seen = chunk.toString("latin1");
      socket.write(
        head(
          "HTTP/1.1 101 Switching Protocols",
          "Upgrade: websocket",
          "Connection: upgrade, x-hop",
          "X-Hop: 1",
          "Sec-WebSocket-Accept: x",
        ),
      );
    });
  });
  await using world = await openWorld();
  world.route(routeTo(upstream));
  const client = rawClient(
    world.port,
    head("GET /ws HTTP/1.1", `Host: ${HOST}`, "X-Forwarded-For: 6.6.6.6", "Proxy-Authorization: x", ...handshake),
  );
  await eventually(() => client.text().includes("Sec-WebSocket-Accept: x"));
  expect(seen).toContain("X-Forwarded-For: 127.0.0.1");
  expect(seen).not.toMatch(/6\.6\.6\.6|proxy-auth/i);
  expect(seen.match(/upgrade: /gi)).toHaveLength(1);
  expect(client.text()).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/);
  expect(client.text()).not.toMatch(/x-hop/i);
  client.socket.destroy();
});

test("bytes behind an upgrade reach the application only after its 101", async () => {
  const seen: string[] = [];
  let accept = (): void => undefined;
  await using upstream = await openRawUpstream((socket) => {
    socket.on("data", (chunk) => seen.push(chunk.toString("latin1")));
    accept = () =>
      socket.write(head("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade") + "first");
  });
  await using world = await openWorld();
  world.route(routeTo(upstream));
  const client = rawClient(world.port, `${upgrade}frame`);
  await eventually(() => seen.length === 1);
  expect(seen[0]).not.toContain("frame");
  accept();
  await eventually(() => seen.length === 2 && client.text().endsWith("first"));
  expect(seen[1]).toBe("frame");
  client.socket.destroy();
});

test("a refused upgrade is passed on whole and ends the connection: a request behind it is never seen", async () => {
  const seen: string[] = [];
  const body = "no ".repeat(100_000);
  await using site = await openSite(
    (req, res) => void (seen.push(req.url ?? ""), res.writeHead(403, { "X-Why": "rules" }).end(body)),
  );
  const text = await rawRequest(site.port, upgrade + head("GET /smuggled HTTP/1.1", `Host: ${HOST}`));
  expect(text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\nX-Why: rules\r\n/);
  expect(text).toContain("X-Robots-Tag: noindex");
  expect(text.length).toBeGreaterThan(body.length);
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(seen).toEqual(["/ws"]);
});

test("a refused upgrade's connection is closed even if the client keeps its half open", async () => {
  await using site = await openSite((_, res) => res.writeHead(403).end("no"));
  const client = connect({ port: site.port, host: "127.0.0.1", allowHalfOpen: true }).resume();
  client.on("error", () => undefined).write(upgrade);
  await once(client, "end");
  await eventually(() => site.gateway.underWay("7-42:1") === 0);
  expect(client.writable).toBe(true);
  client.destroy();
});

test("a client that leaves before the 101 is noticed by the application", async () => {
  let connected = false;
  let left = false;
  await using upstream = await openRawUpstream((socket) => {
    connected = true;
    socket.resume().on("close", () => (left = true));
  });
  await using world = await openWorld();
  world.route(routeTo(upstream));
  const client = rawClient(world.port, upgrade);
  await eventually(() => connected);
  client.socket.destroy();
  await eventually(() => left);
  expect(world.gateway.underWay("7-42:1")).toBe(0);
});

test("a client that vanishes takes its WebSocket at the application with it, and the other way round", async () => {
  await using site = await openSite((_, res) => res.end());
  const server = new WebSocketServer({ server: site.upstream.server });
  const open = async (): Promise<WebSocket> => {
    const client = new WebSocket(`ws://127.0.0.1:${site.port}/`, { headers: { Host: HOST } });
    client.on("error", () => undefined);
    await once(client, "open");
    return client;
  };
  (await open()).terminate();
  await eventually(() => server.clients.size === 0);
  const client = await open();
  await eventually(() => server.clients.size === 1);
  for (const socket of server.clients) socket.terminate();
  expect(await once(client, "close")).toEqual([1006, expect.anything()]);
});

test("an upgrade meets the same pages as a request where nothing runs", async () => {
  await using world = await openWorld();
  world.route(routeTo(null, { state: "building" }));
  expect(await rawRequest(world.port, upgrade)).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 5/);
  expect(await rawRequest(world.port, upgrade.replace(HOST, "nobody.test"))).toMatch(/^HTTP\/1\.1 404 /);
  expect(await rawRequest(world.port, upgrade.replace(HOST, "localhost"))).toMatch(/^HTTP\/1\.1 404 /);
  world.route(routeTo({ address: "127.0.0.1", port: 1 }));
  expect(await rawRequest(world.port, upgrade)).toMatch(/^HTTP\/1\.1 502 /);
});

test("1,000 WebSockets stay open at once", async () => {
  await using site = await openSite((_, res) => res.end());
  const server = new WebSocketServer({ server: site.upstream.server });
  server.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  const clients = await Promise.all(
    Array.from({ length: 1000 }, async () => {
      const client = new WebSocket(`ws://127.0.0.1:${site.port}/`, { headers: { Host: HOST } });
      await once(client, "open");
      return client;
    }),
  );
  expect(site.gateway.underWay("7-42:1")).toBe(1000);
  const echoes = clients.map(async (client, i) => {
    client.send(`${i}`);
    const [data] = await once(client, "message");
    return String(data) === `${i}`;
  });
  expect((await Promise.all(echoes)).every(Boolean)).toBe(true);
  for (const client of clients) client.terminate();
  await eventually(() => site.gateway.underWay("7-42:1") === 0);
});
