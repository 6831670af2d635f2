import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { HOST, get, head, openRawUpstream, openSite, openWorld, rawClient, rawRequest, routeTo } from "./world.ts";

test("a client that leaves is noticed by the application at once", async () => {
  let left = 0;
  await using site = await openSite((_, res) => void res.on("close", () => (left += 1)));
  const waiting = rawClient(site.port, get("/"));
  const uploading = rawClient(site.port, head("POST / HTTP/1.1", `Host: ${HOST}`, "Content-Length: 100"), "part");
  await eventually(() => site.gateway.underWay("7-42:1") === 2);
  waiting.socket.destroy();
  uploading.socket.destroy();
  await eventually(() => left === 2);
  expect(site.gateway.underWay("7-42:1")).toBe(0);
});

test.each([
  ["with a length", "Content-Length: 100"],
  ["chunked", "Transfer-Encoding: chunked"],
])("an application that dies in the middle of a body %s resets the client", async (_, framing) => {
  await using upstream = await openRawUpstream((socket) => {
    socket.once("data", () =>
      socket.write(head("HTTP/1.1 200 OK", framing) + "5\r\nhello\r\n", () => socket.destroy()),
    );
  });
  await using world = await openWorld();
  world.route(routeTo(upstream));
  const client = rawClient(world.port, head("GET / HTTP/1.1", `Host: ${HOST}`));
  expect(await client.ended).toBe("reset");
});

test("no request fails although the application closes idle connections silently", async () => {
  // Destroyed right after each answer: the gateway's next request meets a socket that is going away.
  await using site = await openSite((_, res) => {
    res.end("ok", () => setImmediate(() => res.socket?.destroy()));
  });
  const bodies: string[] = [];
  for (let i = 0; i < 200; i += 1) bodies.push((await rawRequest(site.port, get(`/${i}`))).split("\r\n")[0] ?? "");
  expect(bodies.filter((line) => line !== "HTTP/1.1 200 OK")).toEqual([]);
});

test("a POST is never repeated, and never meets a closing connection", async () => {
  const seen: string[] = [];
  await using site = await openSite((req, res) => {
    seen.push(`${req.method}`);
    if (req.method === "POST") res.socket?.destroy();
    else res.end("ok");
  });
  await rawRequest(site.port, get("/"));
  const text = await rawRequest(
    site.port,
    head("POST / HTTP/1.1", `Host: ${HOST}`, "Connection: close", "Content-Length: 1"),
    "x",
  );
  expect(text).toMatch(/^HTTP\/1\.1 502/);
  expect(seen).toEqual(["GET", "POST"]);
});

test("pipelined requests start one after the other, and none is left behind when their client leaves", async () => {
  const open = new Set<string>();
  const seen: string[] = [];
  await using site = await openSite((req, res) => {
    const path = req.url ?? "";
    seen.push(path);
    open.add(path);
    res.on("close", () => open.delete(path));
    if (path === "/0") res.end();
  });
  const keep = (path: string): string => head(`GET ${path} HTTP/1.1`, `Host: ${HOST}`);
  const client = rawClient(site.port, ["/0", "/1", "/2", "/3"].map((path) => keep(path)).join(""));
  await eventually(() => open.has("/1"));
  client.socket.destroy();
  await eventually(() => open.size === 0 && site.gateway.underWay("7-42:1") === 0);
  expect(seen).toEqual(["/0", "/1"]);
});
