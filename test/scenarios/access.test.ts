import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PreviewView } from "../../src/domain/view.ts";
import { openBrowser } from "../../demo/browser.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

// A page that asks its API on a host of its own, as a browser does it: with credentials, after a preflight. It asks twice,
// for a browser gives up what it asks when the machine's networks change, as they do for other tests' previews.
const compose = `services:
  web:
    build: web
    restart: unless-stopped
    environment: { API: "\${MAYFLY_URL_API}", SELF: "\${MAYFLY_URL}" }
  api:
    build: web
    restart: unless-stopped
    environment: { SELF: "\${MAYFLY_URL}" }
`;
const server = `const http = require("node:http");
const { API, SELF } = process.env;
const page = \`<!doctype html><title>Shop</title><p id="cart">asking</p><script>
const options = { method: "PUT", credentials: "include", headers: { "content-type": "application/json" }, body: "{}" };
const ask = (again) => fetch("\${API}/cart", options).then((answer) => answer.text(), (error) => again ? ask(false) : String(error));
ask(true).then((text) => (document.getElementById("cart").textContent = text));
</script>\`;
http.createServer((request, response) => {
  response.setHeader("Access-Control-Allow-Origin", SELF);
  response.setHeader("Access-Control-Allow-Credentials", "true");
  if (request.url === "/headers") return response.end(JSON.stringify(request.headers));
  if (API) return response.setHeader("Content-Type", "text/html").end(page);
  response.end("three things, method " + request.method);
}).listen(3000, "0.0.0.0");
`;
const manifest = "routes: { web: 3000, api: 3000 }\n";
const files = miniShop({ compose, server, files: { ".mayfly.yaml": manifest } });
const slug = "shop-pr-1";

describe("a pull request of a private repository", () => {
  let scenario: Scenario;
  let browser: Browser;
  let number: number;
  let view: PreviewView & { bypass: string };
  beforeAll(async () => {
    [scenario, browser] = await Promise.all([startScenario({ files, private: true }), openBrowser()]);
    number = await scenario.open({ branch: "cart", files: { "web/page.txt": "cart\n" } });
  });
  afterAll(async () => {
    await browser.close();
    await endScenario(scenario);
  });
  const say = (body: string) => scenario.github.comment({ repo: repository, number, author: "bob", body });
  const open = async (link: string) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const answer = await page.goto(link);
    return { page, status: answer?.status() ?? 0, text: () => page.textContent("body"), close: () => context.close() };
  };
  /** The newest reply to `/share`, once it is there. */
  const shared = (nth: number) =>
    eventually(
      async () => {
        const replies = (await scenario.github.comments(repository, number)).filter(({ body }) =>
          body.includes("<!-- mayfly:answer"),
        );
        const reply = replies[nth - 1]?.body;
        if (reply === undefined) throw new Error(`there are ${replies.length} replies`);
        return reply;
      },
      { timeoutMs: 15_000 },
    );

  test("is not shown to whoever only knows its address, while it is built and after", async () => {
    tellOnFailure(scenario);
    await scenario.seen(slug, () => true);
    // The gateway hears of it a moment after the store.
    const events = `http://${slug}.preview.localhost:${scenario.mayfly.port}/.mayfly/events`;
    await eventually(async () => expect((await scenario.mayfly.visit(events)).status).toBe(401));
    view = (await scenario.seen(slug, ({ phase }) => phase === "ready")) as typeof view;
    expect(view).toMatchObject({ access: "link", link: expect.stringContaining("/.mayfly/open/") });
    const { status, text, close } = await open(`${view.url}/cart`);
    expect(status).toBe(401);
    expect(await text()).toContain("This preview opens with its link");
    await close();
  });

  test("opens by the link in the comment, at the clean address, and its page may ask its API on a sibling host", async () => {
    tellOnFailure(scenario);
    await eventually(async () => expect(await scenario.comment(number)).toContain(`](${view.link})** is ready`), {
      timeoutMs: 15_000,
    });
    const { page, status, close } = await open(view.link);
    expect(status).toBe(200);
    expect(page.url()).toBe(`${view.url}/`);
    await page.waitForFunction('document.getElementById("cart").textContent !== "asking"');
    expect(await page.textContent("#cart")).toBe("three things, method PUT");
    const [cookie] = await page.context().cookies(view.url);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/", domain: new URL(view.url).hostname });
    expect(await page.evaluate("document.cookie")).toBe("");
    await close();
  });

  test("is open to a program by its header, and the application sees neither header nor cookie", async () => {
    const { status, body } = await scenario.mayfly.visit(`${view.url}/headers`, {
      headers: { "mayfly-bypass": view.bypass, cookie: "mayfly-preview=x; sid=1" },
    });
    expect(status).toBe(200);
    expect(body).not.toMatch(/mayfly-/);
    expect(JSON.parse(body)).toMatchObject({ cookie: "sid=1" });
  });

  test("is shared by a link that ends, until /share off takes back every link, cookie and key", async () => {
    tellOnFailure(scenario);
    await say("/share 2h");
    const reply = await shared(1);
    expect(reply).toContain("for 2 h");
    const link = /\]\((http[^)]*)\)/.exec(reply)?.[1] ?? "";
    expect(link).not.toBe(view.link);
    const guest = await open(link);
    expect([guest.status, guest.page.url()]).toEqual([200, `${view.url}/`]);
    const byCli = await scenario.mayfly.api<{ link: string }>(`/api/previews/${slug}/share?argument=1h`, {
      method: "POST",
    });
    expect((await open(byCli.link)).status).toBe(200);

    await say("/share off");
    expect(await shared(2)).toContain("has ended");
    expect((await guest.page.reload())?.status()).toBe(401);
    for (const old of [link, byCli.link, view.link]) expect((await open(old)).status).toBe(403);
    expect((await scenario.mayfly.visit(view.url, { headers: { "mayfly-bypass": view.bypass } })).status).toBe(403);
    const { link: next } = await scenario.seen(slug, (seen) => seen.link !== view.link);
    await eventually(async () => expect(await scenario.comment(number)).toContain(next), { timeoutMs: 15_000 });
    expect((await open(next)).status).toBe(200);
    await guest.close();
  });

  test("leaves no key in the log, and none in the store", async () => {
    const keys = [view.link, view.bypass].map((key) => key.split(".").at(-1) ?? "");
    const secret = readFileSync(join(scenario.folder, "state/access-secret"), "utf8").trim();
    const files = ["mayfly.log", "state/mayfly.db", "state/mayfly.db-wal"];
    const written = files.map((file) => readFileSync(join(scenario.folder, file), "latin1")).join("\n");
    expect(written).toContain(slug);
    for (const key of [...keys, secret]) {
      expect(key.length).toBeGreaterThanOrEqual(32);
      expect(written.includes(key)).toBe(false);
    }
  });
});
