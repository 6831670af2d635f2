import { expect, test } from "vitest";
import { type PageModel, announce } from "../../src/gateway/page-model.ts";
import { createPages, renderPage } from "../../src/gateway/pages.ts";
import { escapeHtml, markup } from "../../src/gateway/page-shell.ts";
import type { RouteState } from "../../src/gateway/route-table.ts";
import { HOST, clock, get, openWorld, rawRequest, routeTo } from "./world.ts";

const building: PageModel = {
  slug: "shop-pr-42",
  repository: "acme/shop",
  number: 42,
  title: "Add a cart",
  commit: "def5678aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  state: "building",
  reason: null,
  failure: null,
  timeline: [
    { label: "fetch", startMs: 1000, endMs: 1400, state: "done" },
    { label: "build web", startMs: 1400, endMs: null, state: "running" },
    { label: "start web", startMs: 0, endMs: null, state: "waiting" },
  ],
  log: ["#5 RUN npm ci", "added 12 packages"],
  links: [{ label: "Pull request", href: "https://github.com/acme/shop/pull/42" }],
};

const failed: PageModel = {
  ...building,
  state: "failed",
  failure: {
    what: "api did not become ready in 3m: it exited with code 1.",
    where: "compose.yaml:14:7",
    now: "Use db:5432.",
  },
};

const render = (model: PageModel, accept: string): ReturnType<typeof renderPage> =>
  renderPage(model, { announcement: announce(model), accept, nowMs: 11_400, live: true });

const textOf = (page: string): string => page.replace(/<(style|script)>[^]*?<\/\1>|<[^>]*>/g, " ").replace(/\s+/g, " ");

test.each([
  ["queued", 503, "15"],
  ["building", 503, "5"],
  ["starting", 503, "2"],
  ["serving", 503, "1"],
  ["failed", 503, undefined],
  ["blocked", 403, undefined],
  ["gone", 410, undefined],
] as [RouteState, number, string | undefined][])(
  "a preview that is %s answers machines with %d and Retry-After %s",
  (state, status, after) => {
    for (const accept of ["text/html,*/*", "application/json", "*/*", ""]) {
      const answer = render({ ...building, state }, accept);
      expect([answer.status, answer.headers["Retry-After"], answer.headers["Cache-Control"]]).toEqual([
        status,
        after,
        "no-store",
      ]);
    }
  },
);

test("the building page tells which preview and commit, what happens now, and for how long", () => {
  const { body, headers } = render(building, "text/html");
  const text = textOf(body);
  for (const fact of [
    "shop-pr-42",
    "acme/shop#42",
    "Building def5678",
    "Add a cart",
    "fetch 0.4 s done",
    "build web 10 s running",
  ]) {
    expect(text).toContain(fact);
  }
  for (const fact of ["start web waiting", "#5 RUN npm ci", "becomes the site by itself", "Pull request"])
    expect(text).toContain(fact);
  expect(headers["Content-Type"]).toBe("text/html; charset=utf-8");
});

test("the failed page says what, where, what now and the last lines, in this order, before how long each step took", () => {
  expect(textOf(render(failed, "text/html").body)).toMatch(
    /def5678 did not start .* api did not become ready .* compose\.yaml:14:7 Use db:5432\. Last lines .* Timeline/,
  );
});

test("a reason is a sentence, and what is typed stands out in it", () => {
  const { body } = render(
    { ...building, state: "gone", reason: "it was destroyed on request; `/deploy` brings it back" },
    "text/html",
  );
  expect(body).toContain('<p class="lead">It was destroyed on request; <code>/deploy</code> brings it back.</p>');
});

test("programs get the same facts as text and as problem+json", () => {
  const text = render(failed, "*/*").body;
  expect(text).toMatch(/^shop-pr-42 \(acme\/shop#42, def5678\): def5678 did not start\n/);
  expect(text).toContain("\napi did not become ready in 3m: it exited with code 1.\ncompose.yaml:14:7\nUse db:5432.\n");
  expect(text).toMatch(/build web +10 s {2}running\n/);
  const json = render(failed, "application/json");
  expect(json.headers["Content-Type"]).toBe("application/problem+json");
  expect(JSON.parse(json.body)).toMatchObject({
    status: 503,
    preview: { slug: "shop-pr-42", number: 42, state: "failed", commit: failed.commit },
    failure: { where: "compose.yaml:14:7" },
  });
});

test("without JavaScript the page asks again, and only where that is of use", () => {
  expect(render(building, "text/html").body).toContain(
    '<noscript><meta http-equiv="refresh" content="5" /></noscript>',
  );
  expect(render(failed, "text/html").body).not.toContain("http-equiv");
});

test("the page has landmarks, one heading, a polite status and no running time in it", () => {
  const { body } = render(building, "text/html");
  for (const element of ["<header>", "<main>", "<footer>", 'lang="en"', 'role="status"'])
    expect(body).toContain(element);
  expect(body.match(/<h1>/g)).toHaveLength(1);
  expect(/<section id="status"[^]*?<\/section>/.exec(body)?.[0]).not.toMatch(/\d s\b/);
});

const attack = `"><script>alert(1)</script><img src=x onerror=alert(2)>'\u001b[31m\u202egnp`;

test("hostile texts stay texts everywhere", () => {
  const evil: PageModel = {
    slug: attack,
    repository: attack,
    number: 1,
    title: attack,
    commit: attack,
    state: "building",
    reason: attack,
    failure: { what: attack, where: attack, now: attack },
    timeline: [{ label: attack, startMs: 0, endMs: null, state: "running" }],
    log: [attack, "</pre><script>alert(3)</script>"],
    links: [
      { label: attack, href: `https://x/${attack}` },
      { label: "bad", href: "javascript:alert(4)" },
      { label: "worse", href: "data:text/html,x" },
    ],
  };
  const { body } = render(evil, "text/html");
  expect(body.match(/<script>/g)).toHaveLength(1);
  expect(body).not.toMatch(/<img|javascript:|data:text/);
  for (const text of [body, render(evil, "*/*").body]) expect(text).not.toMatch(/[[\p{Cc}\p{Bidi_Control}]--\n]/v);
  expect(JSON.parse(render(evil, "application/json").body)).toMatchObject({ preview: { title: attack } });
});

test("nothing runs on the page but our own script, and no inline style is needed", () => {
  const { body, headers } = render(building, "text/html");
  expect(headers["Content-Security-Policy"]).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'; .*frame-ancestors 'none'$/,
  );
  expect(body).not.toMatch(/ style=| on[a-z]+=/);
});

test("the markup tag escapes values, joins lists and lets only its own through", () => {
  const looksLikeHtml = JSON.parse('{"html":"<b>"}') as { html: string };
  expect(markup`<p title="${'"'}">${["<", markup`<i>${"&"}</i>`, null, false, 1]}${looksLikeHtml}</p>`.html).toBe(
    '<p title="&#34;">&#60;<i>&#38;</i>1&#60;b&#62;</p>',
  );
  expect(escapeHtml("`'")).toBe("&#96;&#39;");
});

test("a route of which the store knows nothing still has its page", () => {
  const pages = createPages({ view: () => null }, clock);
  const answer = pages.forRoute(routeTo(null, { state: "building" }), { headers: { accept: "text/html" } });
  expect(answer.status).toBe(503);
  expect(textOf(answer.body)).toMatch(/shop-pr-42 .*Building/);
});

test("a page of a preview that does answer nothing asks again by itself, without events that would reload it in a circle", () => {
  const pages = createPages({ view: () => ({ ...building, state: "serving" }) }, clock);
  const failure = { reason: "unreachable", status: 502, code: "ECONNREFUSED" } as const;
  const { status, body } = pages.forFailure(
    routeTo({ address: "10.1.2.3", port: 3000 }),
    { headers: { accept: "text/html" } },
    failure,
  );
  expect(status).toBe(502);
  expect(body).toContain('\n<meta http-equiv="refresh" content="5" />');
  expect(body).not.toContain("<script>");
  expect(textOf(body)).toContain("web on port 3000 (ECONNREFUSED)");
  expect(body).not.toContain("10.1.2.3");
});

test("a preview's host shows its page before anything runs, and HEAD gets the head alone", async () => {
  await using world = await openWorld();
  world.model = building;
  world.route(routeTo(null, { state: "building" }));
  expect(await rawRequest(world.port, get("/any/path", "Accept: text/html"))).toMatch(
    /^HTTP\/1\.1 503 [^]*Building def5678/,
  );
  const head = await rawRequest(world.port, get("/").replace("GET", "HEAD"));
  expect(head).toMatch(/^HTTP\/1\.1 503 [^]*Content-Length: \d+[^]*\r\n\r\n$/);
  expect(await rawRequest(world.port, get("/").replace(HOST, "other.preview.test"))).toMatch(/^HTTP\/1\.1 404 /);
});

test("a store that fails costs the page its facts, not the server its life", async () => {
  await using world = await openWorld({
    pages: {
      view() {
        throw new Error("disk I/O error");
      },
      subscribe: () => () => undefined,
    },
  });
  world.route(routeTo(null, { state: "building" }));
  expect(await rawRequest(world.port, get("/"))).toMatch(/^HTTP\/1\.1 503 /);
  expect(world.warnings).toHaveLength(1);
});

test("a host that no preview has gets a page in a browser and one line in a program, both 404", () => {
  const pages = createPages({ view: () => null }, clock);
  const page = pages.forUnknown("<b>.preview.test", { headers: { accept: "text/html" } });
  expect([page.status, page.headers["Retry-After"]]).toEqual([404, undefined]);
  expect(page.body).toContain("<h1>No preview has this name</h1>");
  expect(page.body).not.toContain("<b>");
  const line = pages.forUnknown("nobody.preview.test", { headers: { accept: "*/*" } });
  expect([line.status, line.body]).toEqual([404, "No preview has this name.\n"]);
});

test("who waits for a place reads its turn, and that the page becomes the site", () => {
  const { sentence } = announce({ ...building, state: "queued", reason: "2nd in the queue of 3" });
  expect(sentence).toBe("2nd in the queue of 3. This page becomes the site by itself.");
});
