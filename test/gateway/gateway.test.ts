import { once } from "node:events";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { eventually } from "../support/eventually.ts";
import { HOST, get, head, openSite, openWorld, rawClient, rawRequest, routeTo } from "./world.ts";

test("a container that refuses connections is a 502 that says so, and the log knows which one", async () => {
  await using world = await openWorld();
  world.route(routeTo({ address: "127.0.0.1", port: 1 }));
  const text = await rawRequest(world.port, get("/"));
  expect(text).toMatch(/^HTTP\/1\.1 502 [^]*Retry-After: 5/);
  expect(text).toContain("web on port 1 (ECONNREFUSED)");
  expect(world.warnings).toEqual([
    expect.objectContaining({
      preview: "7-42",
      generation: 1,
      service: "web",
      reason: "unreachable",
      code: "ECONNREFUSED",
    }),
  ]);
});

test("a container that cannot be reached in time is a 504", async () => {
  // A listener whose thread sleeps: its queue fills, and further connects hang as they do towards a dropped packet.
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads");
     const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
     });`,
    { eval: true },
  );
  const [port] = (await once(worker, "message")) as [number];
  const filling = Array.from({ length: 6 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
  await using world = await openWorld({ limits: { connectTimeoutMs: 100 } });
  world.route(routeTo({ address: "127.0.0.1", port }));
  const text = await eventually(async () => {
    const answer = await rawRequest(world.port, head("POST / HTTP/1.1", `Host: ${HOST}`, "Connection: close"));
    return answer.includes("MAYFLY_CONNECT_TIMEOUT") && answer;
  });
  expect(text).toMatch(/^HTTP\/1\.1 504 /);
  for (const socket of filling) socket.destroy();
  await worker.terminate();
});

test("an application that never answers is a 504 after its time", async () => {
  let closed = false;
  await using site = await openSite((_, res) => void res.on("close", () => (closed = true)), {
    limits: { answerTimeoutMs: 50 },
  });
  expect(await rawRequest(site.port, get("/"))).toMatch(/^HTTP\/1\.1 504 [^]*did not answer in time/);
  await eventually(() => closed);
});

test("closing lets what is under way finish and tells clients not to come back on this connection", async () => {
  let finish = (): void => undefined;
  await using site = await openSite((_, res) => void (finish = () => res.end("late")));
  const idle = rawClient(site.port, head("GET /nothing HTTP/1.1", "Host: nobody.test"));
  await eventually(() => idle.text().includes("404"));
  const busy = rawClient(site.port, head("GET / HTTP/1.1", `Host: ${HOST}`));
  await eventually(() => site.gateway.underWay("7-42:1") === 1);
  const closed = site.gateway.close({ timeoutMs: 10_000 });
  await idle.ended;
  await expect(once(connect(site.port, "127.0.0.1"), "connect")).rejects.toThrow("ECONNREFUSED");
  finish();
  await busy.ended;
  await closed;
  expect(busy.text()).toMatch(/Connection: close[^]*late/);
});

test("closing cuts at its deadline what does not finish", async () => {
  await using site = await openSite(() => undefined);
  const server = new WebSocketServer({ server: site.upstream.server });
  const socket = new WebSocket(`ws://127.0.0.1:${site.port}/`, { headers: { Host: HOST } });
  socket.on("error", () => undefined);
  await once(socket, "open");
  const hanging = rawClient(site.port, get("/"));
  await eventually(() => site.gateway.underWay("7-42:1") === 2);
  await site.gateway.close({ timeoutMs: 20 });
  await hanging.ended;
  await eventually(() => socket.readyState === WebSocket.CLOSED && server.clients.size === 0);
  expect(hanging.text()).toBe("");
});

test("a second gateway takes over the port while the first one drains, and no connection made after that fails", async () => {
  await using first = await openWorld({ port: 0 });
  await using second = await openWorld({ port: first.port });
  expect(second.port).toBe(first.port);
  const ask = (): Promise<string> =>
    rawRequest(first.port, head("GET / HTTP/1.1", "Host: mayfly.test", "Connection: close"));
  const during = Array.from({ length: 100 }, ask);
  await first.gateway.close({ timeoutMs: 5000 });
  const after = Array.from({ length: 100 }, ask);
  const answers = await Promise.all([...during, ...after]);
  expect(answers.slice(100).filter((text) => !text.startsWith("HTTP/1.1 200"))).toEqual([]);
  expect(answers.slice(0, 100).filter((text) => !text.startsWith("HTTP/1.1 200"))).toEqual([]);
});

test("with a successor, a kept connection is answered once more and told to come anew; then nothing is heard", async () => {
  await using world = await openWorld();
  const request = head("GET / HTTP/1.1", "Host: mayfly.test");
  const [busy, idle] = [rawClient(world.port, request), rawClient(world.port, request)];
  await eventually(() => [busy, idle].every((client) => client.text().includes("own /")));
  let heardNothing = false;
  const gone = world.gateway.close({ timeoutMs: 5000, lingerMs: 300, onDeaf: () => (heardNothing = true) });
  busy.socket.write(request);
  expect(await busy.ended).toBe("end");
  expect(busy.text().split("own /")).toHaveLength(3);
  expect(busy.text()).toContain("Connection: close");
  expect(heardNothing).toBe(false);
  expect(await idle.ended).toBe("end");
  await gone;
  expect(heardNothing).toBe(true);
});
