import { expect, test } from "vitest";
import { ownHosts, parseAuthority } from "../../src/gateway/host.ts";
import {
  emptyTable,
  generationKey,
  lookup,
  ownerOf,
  withPreview,
  withoutPreview,
} from "../../src/gateway/route-table.ts";
import { HOST, PREVIEW, get, head, openUpstream, openWorld, rawRequest, routeTo } from "./world.ts";

test.each([
  ["shop.preview.test", "shop.preview.test", ""],
  ["SHOP.Preview.Test:8080", "shop.preview.test", "8080"],
  ["shop.preview.test.", "shop.preview.test", ""],
  ["shop.preview.test.:80", "shop.preview.test", "80"],
  ["localhost", "localhost", ""],
  ["127.0.0.1:8080", "127.0.0.1", "8080"],
  ["[::1]:8080", "::1", "8080"],
  ["[FE80::1]", "fe80::1", ""],
])("the host %s is %s with port %j", (text, name, port) => {
  expect(parseAuthority(text)).toEqual({ name, port });
});

const noHosts = [
  "",
  ".",
  "a..b",
  ".a",
  "a b",
  "a/b",
  "a@b",
  "a:b",
  "a:",
  "a:123456",
  "[::1",
  "[::g]",
  "::1",
  "-a.test",
  "a,b",
];

test.each(noHosts.concat("a%2e", "ä.test", "a\tb", "a..", `${"x".repeat(64)}.test`, `${"x.".repeat(127)}xx`))(
  "%j is no host",
  (text) => {
    expect(parseAuthority(text)).toBeNull();
  },
);

test.each([
  ["mayfly.test", true],
  ["localhost", true],
  ["127.0.0.1", true],
  ["10.213.0.1", true],
  ["::1", true],
  ["127.1", true],
  ["0x7f.1", true],
  ["2130706433", true],
  ["shop-pr-42.localhost", false],
  ["other.test", false],
  ["mayfly.test.evil", false],
])("%s is one of our own hosts: %s", (name, own) => {
  expect(ownHosts(["Mayfly.test:8080"])(name)).toBe(own);
});

const web = { address: "10.0.0.2", port: 3000 };
const api = { address: "10.0.0.3", port: 4000 };
const mounted = withPreview(emptyTable, PREVIEW, [
  routeTo(web),
  routeTo(api, { service: "api", path: "/api" }),
  routeTo(api, { service: "admin", path: "/api/admin/" }),
  routeTo(api, { service: "api", host: "shop-pr-42--api.preview.test" }),
]);

test.each([
  ["/", "web"],
  ["/apix", "web"],
  ["/ap", "web"],
  ["/API", "web"],
  ["/api", "api"],
  ["/api/", "api"],
  ["/api?x=/api/admin", "api"],
  ["/api/admins", "api"],
  ["/api/admin", "admin"],
  ["/api/admin/x", "admin"],
  ["*", "web"],
])("on the main host %s goes to %s", (path, service) => {
  expect(lookup(mounted, HOST, path)?.service).toBe(service);
});

test("a preview's routes are replaced whole, others stay, and an old table stays as it was", () => {
  const other = routeTo(web, { preview: "7-43", host: "shop-pr-43.preview.test" });
  const both = withPreview(mounted, "7-43", [other]);
  const swapped = withPreview(both, PREVIEW, [routeTo(api, { generation: 2 })]);
  expect(lookup(swapped, HOST)?.generation).toBe(2);
  expect(lookup(swapped, HOST, "/api")?.service).toBe("web");
  expect(lookup(swapped, "shop-pr-42--api.preview.test")).toBeNull();
  expect(lookup(swapped, other.host)).toEqual(other);
  expect(lookup(both, HOST, "/api")?.service).toBe("api");
  expect([...withoutPreview(swapped, PREVIEW).keys()]).toEqual([other.host]);
});

test("a preview cannot take another one's host", () => {
  const table = withPreview(mounted, "9-1", [routeTo(api, { preview: "9-1" })]);
  expect(ownerOf(table, HOST)?.preview).toBe(PREVIEW);
});

test("requests are counted under preview and generation", () => {
  expect(generationKey(routeTo(web, { generation: 7 }))).toBe("7-42:7");
});

test("each host meets its own: a preview, our site, or a plain 404", async () => {
  await using upstream = await openUpstream((req, res) => res.end(`preview ${req.url}`));
  await using mount = await openUpstream((req, res) => res.end(`mounted ${req.url}`));
  await using world = await openWorld();
  world.route(routeTo(upstream), routeTo(mount, { path: "/api" }));
  const ask = async (host: string, path = "/x"): Promise<string> =>
    (await rawRequest(world.port, head(`GET ${path} HTTP/1.1`, `Host: ${host}`, "Connection: close"))).replace(
      /[^]*\r\n\r\n/,
      "",
    );
  expect(await ask(`${HOST.toUpperCase()}.:8080`)).toContain("preview /x");
  expect(await ask(HOST, "/api/x")).toContain("mounted /api/x");
  for (const own of ["mayfly.test", "localhost:8080", "127.0.0.1", "[::1]:80"])
    expect(await ask(own)).toContain("own /x");
  expect(await ask("nobody.preview.test")).toBe("No preview has this name.\n");
});

test("our own site gets absolute targets as paths, its uploads their 100, and its answers are not indexed", async () => {
  await using world = await openWorld();
  const absolute = head("GET http://mayfly.test/a?b HTTP/1.1", "Host: mayfly.test", "Connection: close");
  expect(await rawRequest(world.port, absolute)).toMatch(/X-Robots-Tag: noindex[^]*own \/a\?b/);
  const upload = head(
    "POST /up HTTP/1.1",
    "Host: mayfly.test",
    "Connection: close",
    "Content-Length: 0",
    "Expect: 100-continue",
  );
  expect(await rawRequest(world.port, upload)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
});

test("/.mayfly/ on a preview's host is ours and nothing else's", async () => {
  await using upstream = await openUpstream((_, res) => res.end("preview"));
  await using world = await openWorld();
  world.route(routeTo(upstream));
  for (const path of ["/.mayfly", "/.mayfly/", "/.mayfly/x", "/.mayfly?x", "/.mayfly/events?x"]) {
    expect(await rawRequest(world.port, get(path))).toMatch(/^HTTP\/1\.1 404 /);
  }
  expect(await rawRequest(world.port, get("/.mayflyer"))).toContain("preview");
});

test("who is refused on our own hosts still reaches a preview's", async () => {
  const asked: string[] = [];
  const refuses = (address: string) => asked.push(address) > 0;
  const handle = (): never => {
    throw new Error("reached");
  };
  await using world = await openWorld({ own: { hosts: ["mayfly.test"], handle, refuses, upgrade: handle } });
  await using upstream = await openUpstream((_, res) => res.end("site"));
  world.route(routeTo(upstream));
  for (const host of ["mayfly.test", "localhost", "127.0.0.1"]) {
    const answer = await rawRequest(world.port, head("GET /api/previews HTTP/1.1", `Host: ${host}`));
    expect(answer).toMatch(/^HTTP\/1\.1 403 [^]*Content-Type: text\/plain/);
  }
  const upgrade = head("GET / HTTP/1.1", "Host: mayfly.test", "Connection: Upgrade", "Upgrade: websocket");
  expect(await rawRequest(world.port, upgrade)).toMatch(/^HTTP\/1\.1 403 /);
  expect(asked).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1"]);
  expect(await rawRequest(world.port, get("/"))).toMatch(/^HTTP\/1\.1 200 [^]*site/);
  expect(asked).toHaveLength(4);
});
