import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  building,
  API,
  cookie,
  type Guarded,
  keyFor,
  openGuarded,
  setCookieOf,
  soon,
  statusOf,
  valueOf,
} from "./guarded.ts";
import { HOST, PREVIEW, get, head, headLines } from "./world.ts";

let site: Guarded;
beforeEach(async () => {
  site = await openGuarded();
});
afterEach(() => site[Symbol.asyncDispose]());

describe("a visitor of a guarded preview", () => {
  test("without a key meets a page that says how to get in and tells nothing of what is inside", async () => {
    site.model = { ...building, title: "A secret feature" };
    const page = await site.ask(get("/cart", "Accept: text/html"));
    expect(statusOf(page)).toBe(401);
    expect(page).toContain("link in Mayfly&#39;s comment on the pull request");
    expect(await site.ask(get("/cart", "Accept: application/json"))).toContain("application/problem+json");
    const text = await site.ask(get("/cart"));
    expect(text).toMatch(
      /^HTTP\/1\.1 401 [^]*Content-Type: text\/plain[^]*shop-pr-42: This preview opens with its link/,
    );
    expect([page.includes("Mayfly-Bypass"), text.includes("Mayfly-Bypass")]).toEqual([false, true]);
    for (const answer of [page, text]) expect(answer).not.toMatch(/secret feature|acme|def5678/);
    expect(site.seen).toEqual([]);
    expect(site.visits).toEqual([]);
  });

  test("opens the link and is at the clean address, with path and query as they were, and a cookie of that host", async () => {
    const text = await site.ask(
      get(`/.mayfly/open/${keyFor("open")}/cart%2f?x=%31&mayfly=a+b`, "Referer: https://github.com/"),
    );
    expect(statusOf(text)).toBe(303);
    expect(valueOf(text, "location")).toBe("/cart%2f?x=%31&mayfly=a+b");
    expect(valueOf(text, "referrer-policy")).toBe("no-referrer");
    expect(valueOf(text, "cache-control")).toBe("no-store");
    expect(valueOf(text, "set-cookie")).toMatch(
      /^mayfly-preview=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/,
    );
    const page = await site.ask(
      get(
        "/cart?x=1",
        `Cookie: theme=dark; mayfly-preview=${setCookieOf(text)}; sid=2`,
        `Referer: http://${HOST}/.mayfly/open/K/`,
      ),
    );
    expect(page).toContain("the site");
    expect(site.seen).toMatchObject([{ url: "/cart?x=1", headers: { cookie: "theme=dark; sid=2" } }]);
    expect(site.seen[0]?.headers["referer"]).toBeUndefined();
    expect(headLines(page).filter((line) => line.startsWith("Set-Cookie"))).toEqual(["Set-Cookie: sid=1"]);
  });

  test.each<[string, () => string, number]>([
    ["of another preview", () => keyFor("open", {}, ["7-43", "link"]), 403],
    ["of a share that ended", () => keyFor("open", { until: Date.now() - 1000 }), 403],
    ["that was taken back", () => keyFor("open", { epoch: 1 }), 403],
    ["that was tampered with", () => keyFor("open").replace(/.$/, (last) => (last === "A" ? "B" : "A")), 403],
    ["with its end moved", () => keyFor("open", { until: Date.now() - 1000 }).replace(/-\w+-/, "-zzzzzz-"), 403],
    ["that is a cookie", () => keyFor("cookie", { until: soon() }), 403],
    ["that is for programs", () => keyFor("bypass"), 403],
    ["that is missing", () => "", 403],
    ["in percent signs", () => keyFor("open").replace(".", "%2e"), 403],
    ["of a share that goes on", () => keyFor("open", { until: soon() }), 303],
  ])("with a link %s gets %s", async (_name, key, status) => {
    const text = await site.ask(get(`/.mayfly/open/${key()}/`, "Accept: text/html"));
    expect(statusOf(text)).toBe(status);
    expect(setCookieOf(text) !== "").toBe(status === 303);
    expect(site.seen).toEqual([]);
  });

  test("by a share has a cookie that ends with it", async () => {
    const text = await site.ask(get(`/.mayfly/open/${keyFor("open", { until: Date.now() + 100_000 })}`));
    expect(Number(/Max-Age=(\d+)/.exec(text)?.[1])).toBeLessThanOrEqual(101);
  });

  test.each<[string, () => string[]]>([
    [
      "of another preview's host",
      () => [keyFor("cookie", { until: soon() }, ["7-43", "link", "shop-pr-43.preview.test"])],
    ],
    ["of a sibling host", () => [keyFor("cookie", { until: soon() }, [PREVIEW, "link", API])]],
    ["that ended", () => [keyFor("cookie", { until: Date.now() - 1000 })]],
    ["from before all keys were taken back", () => [keyFor("cookie", { until: soon(), epoch: 7 })]],
    ["that is the link's key", () => [keyFor("open")]],
    ["that is nothing", () => ["x", ""]],
  ])("with a cookie %s is not let in, and it is taken away", async (_name, values) => {
    const text = await site.ask(
      get(
        "/",
        `Cookie: ${values()
          .map((value) => `mayfly-preview=${value}`)
          .join("; ")}`,
      ),
    );
    expect(statusOf(text)).toBe(401);
    expect(valueOf(text, "set-cookie")).toMatch(/^mayfly-preview=; .*Max-Age=0/);
    expect(site.seen).toEqual([]);
  });

  test("is let in though another host's page planted a cookie of the same name", async () => {
    const value = keyFor("cookie", { until: soon() });
    expect(statusOf(await site.ask(get("/", `Cookie: mayfly-preview=planted; mayfly-preview=${value}`)))).toBe(200);
    expect(site.seen[0]?.headers["cookie"]).toBeUndefined();
  });

  test("cannot be led elsewhere by a link", async () => {
    const key = keyFor("open");
    for (const path of ["//evil.example/x", "/\\evil.example", "///evil.example", "//evil.example:80?x"]) {
      const text = await site.ask(get(`/.mayfly/open/${key}${path}`));
      expect(new URL(valueOf(text, "location") ?? "", `http://${HOST}/`).host).toBe(HOST);
    }
    const pass = keyFor("pass", { until: soon(), note: `00000000${Math.ceil(soon() / 1000).toString(36)}` });
    const text = await site.ask(get(`/.mayfly/pass/${pass}/evil.example/x`));
    expect([statusOf(text), valueOf(text, "location")]).toEqual([303, "/x"]);
  });

  test.each([
    ["/%2emayfly/open/KEY/"],
    ["/.mayfly%2fopen/KEY/"],
    ["/a/../.mayfly/open/KEY/"],
    ["//.mayfly/open/KEY/"],
    ["/.Mayfly/open/KEY/"],
    ["/.mayfly/events"],
    ["/.mayfly/"],
    ["/.mayfly"],
  ])("cannot get in by %s", async (path) => {
    expect(statusOf(await site.ask(get(path.replace("KEY", keyFor("open")))))).toBe(401);
    expect(site.seen).toEqual([]);
  });

  test.each([
    ["an absolute target", head(`GET http://${HOST}/x HTTP/1.1`, `Host: ${HOST}`, "Connection: close")],
    ["a host in capitals", head("GET /x HTTP/1.1", `Host: ${HOST.toUpperCase()}`, "Connection: close")],
    ["a host with a dot and a port", head("GET /x HTTP/1.1", `Host: ${HOST}.:8080`, "Connection: close")],
    ["another X-Forwarded-Host", get("/x", "X-Forwarded-Host: mayfly.test")],
    ["HTTP/1.0", head("GET /x HTTP/1.0", `Host: ${HOST}`)],
    ["a method of its own", head("PROPFIND /x HTTP/1.1", `Host: ${HOST}`, "Connection: close")],
    ["a body", head("POST /x HTTP/1.1", `Host: ${HOST}`, "Connection: close", "Content-Length: 2") + "hi"],
    [
      "a body to be asked for",
      head("POST /x HTTP/1.1", `Host: ${HOST}`, "Connection: close", "Expect: 100-continue", "Content-Length: 2"),
    ],
    ["OPTIONS *", head("OPTIONS * HTTP/1.1", `Host: ${HOST}`, "Connection: close")],
    [
      "a cookie named in Connection",
      head("GET /x HTTP/1.1", `Host: ${HOST}`, "Connection: close, cookie, mayfly-bypass"),
    ],
  ])("is not let in by %s", async (_name, request) => {
    expect(statusOf(await site.ask(request))).toBe(401);
    expect(site.seen).toEqual([]);
  });

  test("behind one request that was let in, another on the same connection is asked again", async () => {
    const first = head("GET /a HTTP/1.1", `Host: ${HOST}`, cookie(keyFor("cookie", { until: soon() })));
    const text = await site.ask(first, get("/b"));
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 401"]);
    expect(site.seen.map(({ url }) => url)).toEqual(["/a"]);
  });
});
