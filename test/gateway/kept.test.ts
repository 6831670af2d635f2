import { expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { HOST, get, head, openRawUpstream, openWorld, rawClient, rawRequest, routeTo } from "./world.ts";

/** A world before an upstream that answers each request as `answer` says, on sockets that it counts. */
async function openAnswering(answer: (nth: number) => readonly string[] | null) {
  const counts = { sockets: 0, requests: 0 };
  const upstream = await openRawUpstream((socket) => {
    counts.sockets += 1;
    socket.on("data", () => {
      counts.requests += 1;
      const pieces = answer(counts.requests);
      const write = (at: number): void => {
        const piece = pieces?.[at];
        if (piece === undefined) return;
        if (piece === "END") socket.end();
        else socket.write(piece, "latin1", () => setImmediate(write, at + 1));
      };
      write(0);
    });
  });
  const world = await openWorld();
  world.route(routeTo(upstream));
  return Object.assign(world, {
    counts,
    async [Symbol.asyncDispose]() {
      await world.gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  });
}

const plain = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain";

test.each<[string, readonly string[], string]>([
  ["in pieces", ["HTTP/1.", "1 200 OK\r\nContent-Le", "ngth: 5\r\n", "\r\nhe", "llo"], "hello"],
  ["in chunks", ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe", "\r\n3\r\nllo\r\n0\r\n\r\n"], "llo"],
  ["behind an early hint", ["HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n", plain], "plain"],
  ["with an offer to upgrade", ["HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello"], "hello"],
  ["until the connection ends", ["HTTP/1.1 200 OK\r\n\r\nhel", "lo", "END"], "hel"],
  ["in HTTP/1.0", ["HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "END"], "hello"],
])("an answer that comes %s arrives whole", async (_, pieces, expected) => {
  await using site = await openAnswering(() => pieces);
  const text = await rawRequest(site.port, get("/"));
  expect(text).toMatch(/HTTP\/1\.1 200 OK\r\n/);
  expect(text).toContain(expected);
  expect(text).toMatch(/lo(?:\r\n0\r\n\r\n)?$|plain$/);
  expect(site.counts.requests).toBe(1);
});

test("requests that may be repeated share a connection to the application, also behind a chunked answer", async () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nplain\r\n0\r\n\r\n";
  await using site = await openAnswering((nth) => [nth % 2 === 0 ? chunked : plain]);
  for (let i = 0; i < 6; i++) expect(await rawRequest(site.port, get(`/${i}`))).toContain("plain");
  expect(site.counts).toEqual({ sockets: 1, requests: 6 });
});

test.each([
  ["an answer and a half", `${plain}HTTP/1.1 200 OK\r\n`],
  ["an answer that closes", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nplain"],
  ["an answer of unusual form", "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nplain"],
])("behind %s the connection to the application is used no more", async (_, answer) => {
  await using site = await openAnswering(() => [answer]);
  for (let i = 0; i < 3; i++) {
    const text = await rawRequest(site.port, get(`/${i}`));
    expect(text).toMatch(/plain$/);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  }
  expect(site.counts).toEqual({ sockets: 3, requests: 3 });
});

test("an answer that nobody asked for does not become the next one's", async () => {
  const upstream = await openRawUpstream((socket) => {
    socket.once("data", () => {
      socket.write(plain);
      setTimeout(() => socket.write(plain.replace("plain", "other")), 30);
    });
  });
  await using _upstream = upstream;
  await using world = await openWorld();
  world.route(routeTo(upstream));
  expect(await rawRequest(world.port, get("/1"))).toMatch(/plain$/);
  await new Promise((resume) => setTimeout(resume, 80));
  expect(await rawRequest(world.port, get("/2"))).toMatch(/plain$/);
});

test("a chunked body that breaks its framing resets the client", async () => {
  await using site = await openAnswering(() => [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
    "zz\r\n",
  ]);
  const client = rawClient(site.port, head("GET / HTTP/1.1", `Host: ${HOST}`));
  expect(await client.ended).toBe("reset");
});

test("an application that hangs up on a first request before its answer is a 502, and is asked once", async () => {
  await using site = await openAnswering(() => ["END"]);
  expect(await rawRequest(site.port, get("/"))).toMatch(/^HTTP\/1\.1 502 /);
  expect(site.counts.requests).toBe(1);
});

test("a client that leaves in the middle of a body takes the connection to the application with it", async () => {
  let closed = 0;
  await using upstream = await openRawUpstream((socket) => {
    socket.once("close", () => (closed += 1));
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"));
  });
  await using world = await openWorld();
  world.route(routeTo(upstream));
  const client = rawClient(world.port, head("GET / HTTP/1.1", `Host: ${HOST}`));
  await eventually(() => client.text().endsWith("part"));
  client.socket.destroy();
  await eventually(() => closed === 1);
  expect(world.gateway.underWay("7-42:1")).toBe(0);
});

test("behind a slow reader of a large answer the connection to the application serves the next one", async () => {
  const megabytes = Buffer.alloc(8 * 1024 * 1024, "x").toString("latin1");
  const large = `HTTP/1.1 200 OK\r\nContent-Length: ${megabytes.length}\r\n\r\n${megabytes}`;
  await using site = await openAnswering((nth) => [nth === 1 ? large : plain]);
  const slow = rawClient(site.port, get("/large"));
  slow.socket.pause();
  await eventually(() => site.counts.requests === 1);
  slow.socket.resume();
  await slow.ended;
  expect(slow.text()).toHaveLength(slow.text().indexOf("\r\n\r\n") + 4 + megabytes.length);
  expect(await rawRequest(site.port, get("/next"))).toMatch(/plain$/);
  expect(site.counts.sockets).toBe(1);
});

test("many small chunks for a slow reader wait for one drain", async () => {
  const chunks = `100\r\n${"x".repeat(256)}\r\n`.repeat(40_000);
  const large = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
  await using site = await openAnswering(() => [large]);
  const warned = vi.spyOn(process, "emitWarning");
  const slow = rawClient(site.port, get("/large"));
  slow.socket.pause();
  // Until the buffers of both connections are full.
  await new Promise((resume) => setTimeout(resume, 200));
  slow.socket.resume();
  await slow.ended;
  const body = slow.text().slice(slow.text().indexOf("\r\n\r\n"));
  expect(body.split("x").length - 1).toBe(40_000 * 256);
  // Node tells of more than ten listeners to one event.
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});
