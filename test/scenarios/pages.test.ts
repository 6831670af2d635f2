import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../../demo/browser.ts";
import { labels } from "../../src/domain/labels.ts";
import { eventually } from "../support/eventually.ts";
import { lookAt } from "../support/look.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

// A private repository: whoever looks comes by the link, which has to hold on every page. One story, told in order.
const server = `const page = require("node:fs").readFileSync("/app/page.txt", "utf8").trim();
const site = require("node:http").createServer((request, response) => {
  response.setHeader("Content-Type", "text/html").end("<title>" + page + "</title><h1>" + page + "</h1>");
});
setTimeout(() => site.listen(3000, "0.0.0.0", () => console.log("the shop listens")), 2500);
process.on("SIGTERM", () => process.exit(0));
`;
const dockerfile = 'FROM node:24\nRUN sleep 4\nCOPY . /app\nCMD ["node", "/app/server.js"]\n';
const onLoopback = miniShop({
  server: server.replace('"0.0.0.0"', '"127.0.0.1"'),
  files: { ".mayfly.yaml": "routes: { web: 3000 }\nready: { timeout: 5s }\n" },
});
const windows = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

let scenario: Scenario;
let browser: Browser;
let pages: Page[];
beforeAll(async () => {
  const files = miniShop({ server, page: "The shop" });
  [scenario, browser] = await Promise.all([startScenario({ files, private: true }), openBrowser()]);
  pages = await Promise.all(
    Object.values(windows).map(async (viewport) => (await browser.newContext({ viewport })).newPage()),
  );
});
afterAll(async () => {
  await browser.close();
  await endScenario(scenario);
});

const onEach = <T>(act: (page: Page) => Promise<T>): Promise<T[]> => Promise.all(pages.map(act));
const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name }).waitFor();

/** Nothing stands out, is cut off, too faint, or reached without showing it; by day and by night. */
async function isFitToRead(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await lookAt(page)).toMatchObject({ overflow: 0, cut: [], faint: [], unseenFocus: [] });
  }
}

test("without the link's key, the page says where to get it, and nothing of what is inside", async () => {
  tellOnFailure(scenario);
  await scenario.open({ branch: "cart", title: "Add a cart", files: { "web/Dockerfile": dockerfile } });
  const { url } = await scenario.seen("shop-pr-1", ({ newest }) => newest?.phase === "building");
  await onEach(async (page) => {
    expect((await page.goto(url))?.status()).toBe(401);
    await heading(page, "This preview opens with its link");
    expect(await page.title()).toBe("This preview opens with its link – shop-pr-1");
    const text = await page.innerText("body");
    expect(text).toContain("Follow the link in Mayfly's comment on the pull request");
    expect(text).toContain("/share");
    expect(text).not.toMatch(/Add a cart|acme/);
    await isFitToRead(page);
  });
});

test("the link leads to what is being built, and the page becomes the site by itself, at the clean address", async () => {
  tellOnFailure(scenario);
  const { url, link } = (await scenario.mayfly.show("shop-pr-1"))!;
  await onEach(async (page) => {
    await page.goto(link);
    await heading(page, /^(Building|Starting) [0-9a-f]{7}$/);
    const text = await page.innerText("body");
    for (const told of ["shop-pr-1", "acme/shop#1", "Add a cart", "becomes the site by itself", "build web"])
      expect(text).toContain(told);
    await isFitToRead(page);
    await heading(page, "The shop");
    expect([await page.title(), page.url()]).toEqual(["The shop", `${url}/`]);
  });
});

test("a visit to what sleeps shows that it wakes, and becomes the site by itself", async () => {
  tellOnFailure(scenario);
  const { url, key } = (await scenario.mayfly.show("shop-pr-1"))!;
  await scenario.mayfly.api("/api/previews/shop-pr-1/sleep", { method: "POST" });
  const filters = { label: [`${labels.server}=${scenario.serverId}`, `${labels.preview}=${key}`], status: ["running"] };
  await eventually(async () => expect(await scenario.docker.listContainers({ filters })).toEqual([]));
  await onEach(async (page) => {
    await page.goto(`${url}/?from=mail`);
    await heading(page, "Waking up");
    expect(await page.title()).toBe("Waking up – shop-pr-1");
    await isFitToRead(page);
    await heading(page, "The shop");
    expect(page.url()).toBe(`${url}/?from=mail`);
  });
});

test("what failed says which cause was found, what to change and the last lines; the next push is seen without a reload", async () => {
  tellOnFailure(scenario);
  await scenario.open({ branch: "proxy", title: "A proxy in front", files: onLoopback });
  const { link, newest } = await scenario.seen("shop-pr-2", ({ phase }) => phase === "failed");
  await onEach(async (page) => {
    await page.goto(link);
    await heading(page, `${newest?.commit.slice(0, 7)} did not start`);
    const reason = await page.getByLabel("What went wrong").innerText();
    expect(reason).toMatch(/^web listens on 127\.0\.0\.1:3000, not on 0\.0\.0\.0:3000/);
    expect(reason).toMatch(/compose\.yaml:\d+:\d+\s+Let it listen on 0\.0\.0\.0/);
    expect(await page.getByRole("region", { name: "Last lines" }).innerText()).toContain("the shop listens");
    await isFitToRead(page);
  });
  await scenario.push({ branch: "proxy", files: miniShop({ server, page: "The mended shop" }) });
  await onEach((page) => heading(page, "The mended shop"));
});

test("the dashboard can be read on both, and leads to each preview", async () => {
  tellOnFailure(scenario);
  await onEach(async (page) => {
    await page.goto(scenario.mayfly.dashboardLink);
    await heading(page, "Previews");
    await isFitToRead(page);
    await page.getByRole("link", { name: "shop-pr-1", exact: true }).click();
    await heading(page, "shop-pr-1");
    await page.getByText("the shop listens").first().waitFor();
    await isFitToRead(page);
    expect(await page.title()).toMatch(/– shop-pr-1$/);
  });
});
