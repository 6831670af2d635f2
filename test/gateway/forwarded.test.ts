import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { clientAddress, trustProxies } from "../../src/gateway/forwarded.ts";
import { HOST, get, openSite, openWorld, rawRequest } from "./world.ts";

const claims = [
  "X-Forwarded-For: 6.6.6.6",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Host: evil.test",
  "X-Forwarded-Port: 443",
  "Forwarded: for=6.6.6.6",
  "X-Real-IP: 6.6.6.6",
  "X_Forwarded_For: 6.6.6.6",
  "X-Forwarded-Prefix: /x",
  "x-forwarded-user: root",
];

const seenBy = async (trustedProxies: string[]): Promise<string[]> => {
  await using site = await openSite(
    (req, res) => {
      const pairs = req.rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${req.rawHeaders[i + 1]}`] : []));
      res.end(pairs.filter((pair) => /^(x[-_]|forwarded)/i.test(pair)).join("\n"));
    },
    { trustedProxies },
  );
  const text = await rawRequest(site.port, get("/", ...claims));
  return (
    text
      .split("\r\n\r\n")[1]
      ?.split("\r\n")
      .find((line) => line.includes("X-"))
      ?.split("\n") ?? text.split("\n")
  );
};

test("what the internet says about where it comes from is replaced", async () => {
  expect(await seenBy([])).toEqual([
    "X-Forwarded-For: 127.0.0.1",
    `X-Forwarded-Host: ${HOST}`,
    "X-Forwarded-Proto: http",
  ]);
});

test("a trusted proxy's chain is extended and its claims are kept", async () => {
  expect(await seenBy(["10.0.0.0/8", "127.0.0.1"])).toEqual([
    "X-Forwarded-For: 6.6.6.6, 127.0.0.1",
    "X-Forwarded-Host: evil.test",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Port: 443",
  ]);
});

test.each([
  [[], "127.0.0.1", false],
  [["10.0.0.1"], "10.0.0.1", true],
  [["10.0.0.1"], "10.0.0.2", false],
  [["10.0.0.0/8"], "10.255.0.2", true],
  [["fd00::/8"], "fd12::1", true],
  [["fd00::/8"], "fe80::1", false],
  [["10.0.0.0/8"], "nonsense", false],
] as [string[], string, boolean][])("with %j trusted, %s is believed: %s", (entries, address, believed) => {
  expect(trustProxies(entries)(address)).toBe(believed);
});

test.each(["proxy.test", "10.0.0.0/x", "10.0.0.0/33", ""])("%j is no trusted proxy", (entry) => {
  expect(() => trustProxies([entry])).toThrow(RangeError);
});

test.each([
  ["nobody trusted: the peer itself", [], "9.9.9.9", "6.6.6.6", "9.9.9.9"],
  ["a trusted peer speaks for its client", ["9.9.9.9"], "9.9.9.9", "6.6.6.6", "6.6.6.6"],
  ["what the client claimed before that is not believed", ["9.9.9.9"], "9.9.9.9", "127.0.0.1, 6.6.6.6", "6.6.6.6"],
  ["a chain of trusted ones leads on", ["9.9.9.0/24"], "9.9.9.9", "1.1.1.1, 6.6.6.6, 9.9.9.8", "6.6.6.6"],
  ["a trusted one that names nobody stands for itself", ["9.9.9.9"], "9.9.9.9", undefined, "9.9.9.9"],
  ["beyond nonsense nobody is believed", ["9.9.9.0/24"], "9.9.9.9", "1.1.1.1, unknown, 9.9.9.8", "9.9.9.8"],
  ["mapped addresses are the same", ["9.9.9.9"], "::ffff:9.9.9.9", "::ffff:6.6.6.6", "6.6.6.6"],
] as [string, string[], string, string | undefined, string][])("%s", (_, entries, peer, chain, client) => {
  const req = { socket: { remoteAddress: peer }, headers: { "x-forwarded-for": chain } };
  expect(clientAddress(req as unknown as IncomingMessage, trustProxies(entries))).toBe(client);
});

test("who is refused is refused behind a trusted proxy as well, and the proxy's other clients are not", async () => {
  const refuses = (address: string) => address.startsWith("10.213.");
  const own = { hosts: ["mayfly.test"], handle: (_: unknown, res: ServerResponse) => void res.end("ours"), refuses };
  await using world = await openWorld({ own, trustedProxies: ["127.0.0.1"] });
  const ask = (from: string) =>
    rawRequest(
      world.port,
      `GET / HTTP/1.1\r\nHost: mayfly.test\r\nX-Forwarded-For: ${from}\r\nConnection: close\r\n\r\n`,
    );
  expect(await ask("10.213.0.2")).toContain("403 Forbidden");
  expect(await ask("8.8.8.8")).toContain("200 OK");
});
