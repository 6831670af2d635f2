import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { HOST, get, head, openSite, rawClient } from "./world.ts";

const MiB = 1024 * 1024;

test("100 MiB go up and down unchanged, with a bounded part of it on the way", async () => {
  await using site = await openSite((req, res) => req.pipe(res));
  const block = randomBytes(MiB);
  const sent = createHash("sha256");
  const received = createHash("sha256");
  let bytes = 0;
  let given = 0;
  let onTheWay = 0;
  const outgoing = request({
    host: "127.0.0.1",
    port: site.port,
    method: "POST",
    headers: { Host: HOST, "Content-Length": 100 * MiB },
  });
  Readable.from(
    (function* blocks() {
      for (let i = 0; i < 100; i += 1) {
        block.writeUInt32LE(i);
        const copy = Buffer.from(block);
        sent.update(copy);
        given += copy.length;
        yield copy;
      }
    })(),
  ).pipe(outgoing);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    received.update(chunk);
    bytes += chunk.length;
    onTheWay = Math.max(onTheWay, given - bytes);
  }
  expect(bytes).toBe(100 * MiB);
  expect(received.digest("hex")).toBe(sent.digest("hex"));
  // Held by the client, the gateway, the application and the kernel's buffers of eight sockets, all together.
  expect(onTheWay).toBeLessThan(40 * MiB);
});

test("an application is not read faster than its slow reader reads", async () => {
  let written = 0;
  await using site = await openSite((_, res) => {
    const more = (): void => {
      for (let room = true; room && !res.destroyed; written += 64 * 1024) room = res.write(Buffer.alloc(64 * 1024));
      res.once("drain", more);
    };
    more();
  });
  const client = rawClient(site.port, get("/"));
  client.socket.pause();
  let last = -1;
  await eventually(() => (written > 0 && written === last) || ((last = written), false), { everyMs: 200 });
  expect(written).toBeLessThan(24 * MiB);
  client.socket.destroy();
});

test("an event stream's head and first event arrive at once, and its end is noticed", async () => {
  let closed = false;
  let push: (text: string) => void = () => undefined;
  await using site = await openSite((_, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
    push = (text) => res.write(text);
    res.on("close", () => (closed = true));
  });
  const client = rawClient(site.port, get("/"));
  await eventually(() => client.text().includes("text/event-stream"));
  push("data: one\n\n");
  await eventually(() => client.text().includes("data: one"));
  expect(site.visits.map(({ kind }) => kind)).toEqual(["request", "traffic"]);
  client.socket.destroy();
  await eventually(() => closed);
});

test("an upload trickles through as it comes, and its pauses are not taken for a dead application", async () => {
  const seen: string[] = [];
  await using site = await openSite(
    (req, res) => {
      req.setEncoding("utf8").on("data", (chunk: string) => seen.push(chunk));
      req.on("end", () => res.end("all"));
    },
    { limits: { answerTimeoutMs: 60 } },
  );
  const client = rawClient(
    site.port,
    head("POST / HTTP/1.1", `Host: ${HOST}`, "Connection: close", "Content-Length: 4"),
  );
  for (const part of ["a", "b", "c", "d"]) {
    client.socket.write(part);
    await eventually(() => seen.at(-1) === part, { everyMs: 50 });
  }
  await client.ended;
  expect(client.text()).toMatch(/200 OK[^]*all/);
});

test("an application that stops reading an upload ends in 504, not in a hang", async () => {
  await using site = await openSite((req) => req.pause(), { limits: { answerTimeoutMs: 100 } });
  const client = rawClient(site.port, head("POST / HTTP/1.1", `Host: ${HOST}`, `Content-Length: ${64 * MiB}`));
  const pump = (): void => {
    while (client.socket.writable && client.socket.write(Buffer.alloc(MiB)));
  };
  client.socket.on("drain", pump);
  pump();
  await eventually(() => client.text() !== "");
  expect(client.text()).toMatch(/^HTTP\/1\.1 504 /);
  client.socket.destroy();
});
