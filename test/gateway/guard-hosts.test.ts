import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  API,
  browse,
  cookie,
  type Guarded,
  keyFor,
  openGuarded,
  setCookieOf,
  soon,
  statusOf,
  valueOf,
} from "./guarded.ts";
import { HOST, PREVIEW, get, head, keys, openSite, rawRequest, routeTo } from "./world.ts";

let site: Guarded;
beforeEach(async () => {
  site = await openGuarded();
});
afterEach(() => site[Symbol.asyncDispose]());

describe("a preview with several hosts", () => {
  const WS = "shop-pr-42--ws.preview.test";
  beforeEach(() =>
    site.route(routeTo(site.upstream), routeTo(site.upstream, { host: API }), routeTo(site.upstream, { host: WS })),
  );

  test("is opened once for all of them: each gets a cookie of its own, and the visitor is where the link led", async () => {
    const { steps, at, target, jar } = await browse(site, HOST, `/.mayfly/open/${keyFor("open")}/cart?x=1`);
    expect(steps).toEqual(
      [`303 ${HOST}`, `303 ${API}`, `303 ${WS}`, `200 ${HOST}`].toSorted(
        (a, b) => Number(a.startsWith("200")) - Number(b.startsWith("200")),
      ),
    );
    expect([at, target]).toEqual([HOST, "/cart?x=1"]);
    expect(new Set(jar.values()).size).toBe(3);
    expect(site.seen.map(({ url }) => url)).toEqual(["/cart?x=1"]);
  });

  test("is opened by the link to a sibling host just as well", async () => {
    const { at, target, jar } = await browse(site, API, `/.mayfly/open/${keyFor("open")}/items`);
    expect([at, target, jar.size]).toEqual([API, "/items", 3]);
  });

  test("takes a visitor round again when a host came since, and only then", async () => {
    site.route(routeTo(site.upstream));
    const { jar } = await browse(site, HOST, `/.mayfly/open/${keyFor("open")}/`);
    site.route(routeTo(site.upstream), routeTo(site.upstream, { host: API }));
    const asset = await site.ask(
      get("/data.json", cookie(jar.get(HOST) ?? ""), "Sec-Fetch-Dest: empty", "Sec-Fetch-Site: same-origin"),
    );
    expect(statusOf(asset)).toBe(200);
    expect((await browse(site, HOST, "/cart", jar)).steps).toEqual([`303 ${HOST}`, `303 ${API}`, `200 ${HOST}`]);
    expect((await browse(site, HOST, "/cart", jar)).steps).toEqual([`200 ${HOST}`]);
  });

  test("has passes between its hosts that are good once, for one host, for a minute", async () => {
    const text = await site.ask(get(`/.mayfly/open/${keyFor("open")}/`));
    const location = new URL(valueOf(text, "location") ?? "");
    const at = (host: string) => head(`GET ${location.pathname} HTTP/1.1`, `Host: ${host}`, "Connection: close");
    expect(statusOf(await site.ask(at(location.host === API ? WS : API)))).toBe(403);
    expect(statusOf(await site.ask(at(location.host)))).toBe(303);
    expect(statusOf(await site.ask(at(location.host)))).toBe(403);
  });
});

test("a preview that is open to all takes a link with a key for the address behind it", async () => {
  site.rule = { access: "public", epoch: 0 };
  const text = await site.ask(get("/.mayfly/open/anything/cart?x=1"));
  expect([statusOf(text), valueOf(text, "location"), setCookieOf(text)]).toEqual([303, "/cart?x=1", ""]);
});

test("where people sign in, the page leads there, the link's key is worth nothing and a share lets in", async () => {
  site.rule = { access: "sign-in", epoch: 0 };
  const page = await site.ask(get("/cart?x=1", "Accept: text/html"));
  expect(statusOf(page)).toBe(401);
  expect(page).toContain(`http://mayfly.test/enter?host=${HOST}&#38;path=%2Fcart%3Fx%3D1`);
  expect(statusOf(await site.ask(get(`/.mayfly/open/${keyFor("open")}/`)))).toBe(403);
  const share = keyFor("open", { until: soon() }, [PREVIEW, "sign-in"]);
  expect(statusOf(await site.ask(get(`/.mayfly/open/${share}/`)))).toBe(303);
});

test("over https the cookie is one that only this host can set", async () => {
  await using secure = await openSite((_, res) => res.end("in"), {
    access: {
      rule: () => ({ access: "link", epoch: 0 }),
      keys,
      link: (host) => `https://${host}`,
      signInUrl: () => "",
      randomId: (n) => "0".repeat(n),
    },
  });
  const text = await rawRequest(secure.port, get(`/.mayfly/open/${keyFor("open")}/`));
  expect(valueOf(text, "set-cookie")).toMatch(
    /^__Host-mayfly-preview=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+; Secure$/,
  );
  const held = `Cookie: __Host-mayfly-preview=${setCookieOf(text)}`;
  expect(await rawRequest(secure.port, get("/", held))).toMatch(/in$/);
  expect(statusOf(await rawRequest(secure.port, get("/", held.replace("__Host-", ""))))).toBe(401);
});
