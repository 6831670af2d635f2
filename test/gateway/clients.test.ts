import type { RequestListener } from "node:http";
import { expect, test } from "vitest";
import { createCrowd } from "../../src/gateway/crowd.ts";
import { eventually } from "../support/eventually.ts";
import { HOST, get, head, openSite, rawClient, rawRequest } from "./world.ts";

test("a client has so much open at once and no more, and an IPv6 client is its network", () => {
  const crowd = createCrowd(2);
  const leave = crowd.enter("10.0.0.1");
  expect(crowd.enter("10.0.0.1")).not.toBeNull();
  expect(crowd.enter("10.0.0.1")).toBeNull();
  expect(crowd.enter("10.0.0.2")).not.toBeNull();
  leave?.();
  expect(crowd.enter("10.0.0.1")).not.toBeNull();
  expect(crowd.enter("2001:db8::1")).not.toBeNull();
  expect(crowd.enter("2001:db8:0:0:ffff::2")).not.toBeNull();
  expect(crowd.enter("2001:db8::3")).toBeNull();
  expect(crowd.enter("2001:db8:0:1::3")).not.toBeNull();
});

const wait = (...lines: string[]): string => head("GET /wait HTTP/1.1", `Host: ${HOST}`, ...lines);

test("one request too many of one client is refused with a word when to come again, and the next one after is carried", async () => {
  const held: (() => void)[] = [];
  const handle: RequestListener = (req, res) =>
    void (req.url === "/wait" ? held.push(() => res.end("waited")) : res.end("at once"));
  await using site = await openSite(handle, { limits: { clientRequests: 2 }, trustedProxies: ["127.0.0.1"] });
  const from = (address: string) => `X-Forwarded-For: ${address}`;
  const waiting = [1, 2].map(() => rawClient(site.port, wait(from("203.0.113.7"), "Connection: close")));
  await eventually(() => held.length === 2);

  const refused = await rawRequest(site.port, get("/", from("198.51.100.1, 203.0.113.7")));
  expect(refused).toMatch(/^HTTP\/1\.1 429 [^]*\r\nRetry-After: 1\r\n/);
  const posted = await rawRequest(
    site.port,
    head("POST / HTTP/1.1", `Host: ${HOST}`, from("203.0.113.7"), "Content-Length: 40"),
    "GET /smuggled",
  );
  expect(posted).toMatch(/^HTTP\/1\.1 429 [^]*\r\nConnection: close\r\n/);
  const upgrade = get("/", from("203.0.113.7"), "Upgrade: websocket").replace("close", "Upgrade");
  expect(await rawRequest(site.port, upgrade)).toMatch(/^HTTP\/1\.1 429 /);
  expect(await rawRequest(site.port, get("/", from("203.0.113.8")))).toContain("at once");

  for (const end of held) end();
  for (const { ended } of waiting) await ended;
  expect(await rawRequest(site.port, get("/", from("203.0.113.7")))).toContain("at once");
});

test("an address may have so many connections, a trusted proxy any number", async () => {
  const handle = (_: unknown, res: { end(text: string): void }) => res.end("here");
  const limits = { clientConnections: 3 };
  await using site = await openSite(handle, { limits });
  const silent = [1, 2, 3].map(() => rawClient(site.port));
  await eventually(() => silent.every(({ socket }) => !socket.connecting));
  expect(await rawRequest(site.port, get("/"))).toBe("");
  silent[0]?.socket.destroy();
  await eventually(async () => (await rawRequest(site.port, get("/"))).includes("here"));
  for (const { socket } of silent) socket.destroy();

  await using proxied = await openSite(handle, { limits, trustedProxies: ["127.0.0.1"] });
  const many = [1, 2, 3, 4, 5].map(() => rawClient(proxied.port));
  expect(await rawRequest(proxied.port, get("/"))).toContain("here");
  for (const { socket } of many) socket.destroy();
});
