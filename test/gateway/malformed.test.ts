import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { HOST, get, head, openRawUpstream, openSite, openWorld, rawClient, rawRequest, routeTo } from "./world.ts";

const post = (...lines: string[]): string => head("POST / HTTP/1.1", `Host: ${HOST}`, ...lines);
const smuggled = head("GET /smuggled HTTP/1.1", `Host: ${HOST}`);

test.each([
  ["CL.TE", post("Content-Length: 6", "Transfer-Encoding: chunked") + "0\r\n\r\nG"],
  ["TE.CL", post("Transfer-Encoding: chunked", "Content-Length: 4") + "5c\r\nGET / HTTP/1.1\r\n\r\n0\r\n\r\n"],
  ["TE.TE, an unknown coding last", post("Transfer-Encoding: chunked", "Transfer-Encoding: cow") + "0\r\n\r\n"],
  ["TE.TE, an unknown coding first", post("Transfer-Encoding: cow, chunked") + "0\r\n\r\n"],
  ["TE twice", post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "0\r\n\r\n"],
  ["a coding with a control character", post("Transfer-Encoding: \x0bchunked") + "0\r\n\r\n"],
  ["two lengths", post("Content-Length: 1", "Content-Length: 2") + "ab"],
  ["a signed length", post("Content-Length: +1") + "a"],
  ["a list of lengths", post("Content-Length: 1, 1") + "a"],
  ["a space before the colon", post("Transfer-Encoding : chunked") + "0\r\n\r\n"],
  ["obs-fold", post("X-A: 1", " folded: 2", "Content-Length: 0")],
  ["obs-fold in the framing", post("Transfer-Encoding:", " chunked") + "0\r\n\r\n"],
  ["a bare LF after a header", `GET / HTTP/1.1\r\nHost: ${HOST}\nX: 1\r\n\r\n`],
  ["bare LFs throughout", `GET / HTTP/1.1\nHost: ${HOST}\n\n`],
  ["a bare CR in a value", `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX: a\rb\r\n\r\n`],
  ["a NUL in a value", `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX: a\0b\r\n\r\n`],
  ["a chunk size that is no number", post("Transfer-Encoding: chunked") + "xyz\r\n"],
  ["two Hosts", head("GET / HTTP/1.1", `Host: ${HOST}`, "Host: mayfly.test")],
  ["the same Host twice", head("GET / HTTP/1.1", `Host: ${HOST}`, `Host: ${HOST}`)],
  ["no Host", head("GET / HTTP/1.1")],
  ["no Host in HTTP/1.0", head("GET / HTTP/1.0")],
  ["an empty Host", head("GET / HTTP/1.1", "Host: ")],
  ["a Host that is no host", head("GET / HTTP/1.1", `Host: ${HOST}/x@y`)],
  ["an absolute target that contradicts Host", head("GET http://mayfly.test/ HTTP/1.1", `Host: ${HOST}`)],
  ["an absolute target with a user", head(`GET http://me@${HOST}/ HTTP/1.1`, `Host: ${HOST}`)],
  ["an absolute target of another scheme", head(`GET ftp://${HOST}/ HTTP/1.1`, `Host: ${HOST}`)],
  ["a target without a slash", head("GET index HTTP/1.1", `Host: ${HOST}`)],
  ["CONNECT", head(`CONNECT ${HOST}:80 HTTP/1.1`, `Host: ${HOST}:80`)],
  ["HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  [
    "an upgrade to h2c",
    head(
      "GET / HTTP/1.1",
      `Host: ${HOST}`,
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABk",
    ),
  ],
  [
    "an upgrade to h2c or websocket",
    head("GET / HTTP/1.1", `Host: ${HOST}`, "Connection: Upgrade", "Upgrade: h2c, websocket"),
  ],
  [
    "an upgrade with a body",
    head("GET / HTTP/1.1", `Host: ${HOST}`, "Connection: Upgrade", "Upgrade: websocket", "Content-Length: 3") + "abc",
  ],
])("%s is refused, and nothing behind it reaches the application", async (_, raw) => {
  const seen: string[] = [];
  await using site = await openSite((req, res) => {
    seen.push(req.url ?? "");
    req.resume();
    res.end("reached");
  });
  const text = await rawRequest(site.port, raw + smuggled);
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(seen.filter((url) => url === "/smuggled")).toEqual([]);
  expect(text).not.toContain("reached");
});

test("an error in a body whose answer has begun ends the connection without a second head", async () => {
  await using site = await openSite((req, res) => {
    req.once("data", () => res.write("begun"));
  });
  const client = rawClient(site.port, post("Transfer-Encoding: chunked"), "3\r\nabc\r\n");
  await eventually(() => client.text().includes("begun"));
  client.socket.write("zzz\r\n");
  await client.ended;
  expect(client.text().match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test("an absolute target is served like its origin-form", async () => {
  await using site = await openSite((req, res) => res.end(`${req.headers.host} ${req.url}`));
  const absolute = head(`GET http://${HOST.toUpperCase()}:80/a?b HTTP/1.1`, `Host: ${HOST}`, "Connection: close");
  expect(await rawRequest(site.port, absolute)).toContain(`${HOST} /a?b`);
  const query = head(`GET http://${HOST}?b HTTP/1.1`, `Host: ${HOST}`, "Connection: close");
  expect(await rawRequest(site.port, query)).toContain(`${HOST} /?b`);
  expect(await rawRequest(site.port, head("OPTIONS * HTTP/1.1", `Host: ${HOST}`, "Connection: close"))).toContain(
    `${HOST} *`,
  );
});

test("too much header is 431, and as many headers as fit all arrive", async () => {
  await using site = await openSite((req, res) => res.end(`${req.rawHeaders.length / 2}`));
  expect(await rawRequest(site.port, get("/", `X-Big: ${"x".repeat(40_000)}`))).toMatch(/^HTTP\/1\.1 431 /);
  site.upstream.server.maxHeadersCount = 0;
  const many = Array.from({ length: 2100 }, (_, i) => `X${i}: 1`);
  const count = Number((await rawRequest(site.port, get("/", ...many))).split("\r\n\r\n")[1]?.split("\r\n").at(-1));
  // Host, our X-Forwarded-* and our own Connection beside them.
  expect(count).toBe(2100 + 1 + 3 + 1);
});

test("a client that sends its head drop by drop is sent away", async () => {
  await using site = await openSite((_, res) => res.end(), { limits: { headTimeoutMs: 100 } });
  const client = rawClient(site.port, "GET / HTTP/1.1\r\nHo");
  await client.ended;
  expect(client.text()).toMatch(/^HTTP\/1\.1 408 /);
});

test("so is one that goes on sending a little, however often", async () => {
  await using site = await openSite((_, res) => res.end(), { limits: { headTimeoutMs: 200 } });
  const client = rawClient(site.port, `GET / HTTP/1.1\r\nHost: ${HOST}\r\n`);
  const drip = setInterval(() => client.socket.writable && client.socket.write("X-A: 1\r\n"), 10);
  await client.ended;
  clearInterval(drip);
  expect(client.text()).toMatch(/^HTTP\/1\.1 408 /);
});

test.each([
  ["no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["an impossible status", "HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n"],
  ["a status below 100", "HTTP/1.1 042 Low\r\nContent-Length: 0\r\n\r\n"],
  ["an unasked upgrade", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
  ["an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
  ["both framings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"],
  ["endless headers", `HTTP/1.1 200 OK\r\n${"X-A: yyyyyyyyyyyyyyyy\r\n".repeat(5000)}\r\n`],
  ["an odd early hint, then nothing", "HTTP/1.1 103 Early Hints\r\nLink: nonsense\r\n\r\n"],
  ["nothing", ""],
])("an application that answers with %s becomes a 502, and the gateway lives on", async (_, answer) => {
  await using upstream = await openRawUpstream((socket) => {
    socket.once("data", () => socket.end(answer, "latin1"));
  });
  await using world = await openWorld();
  world.route(routeTo(upstream));
  expect(await rawRequest(world.port, get("/"))).toMatch(/^HTTP\/1\.1 502 /);
  expect(world.warnings).toHaveLength(1);
  expect(await rawRequest(world.port, get("/"))).toMatch(/^HTTP\/1\.1 502 /);
});

test("a reason phrase that cannot be written is replaced by the usual one", async () => {
  await using upstream = await openRawUpstream((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nhi", "latin1"));
  });
  await using world = await openWorld();
  world.route(routeTo(upstream));
  expect(await rawRequest(world.port, get("/"))).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*hi$/);
});
