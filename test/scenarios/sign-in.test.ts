import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditEntry } from "../../src/domain/audit.ts";
import { openBrowser } from "../../demo/browser.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const slug = "shop-pr-1";

// One story, told in order: each test goes on where the one before stopped.
describe("a private repository whose previews ask for signing in", () => {
  let scenario: Scenario;
  let browser: Browser;
  let ann: Page;
  let link: string;
  beforeAll(async () => {
    const config = { defaults: { access: "sign-in" } };
    const given = { files: miniShop(), private: true, config };
    [scenario, browser] = await Promise.all([startScenario(given), openBrowser()]);
    await scenario.open({ branch: "cart", files: { "web/page.txt": "a page for colleagues" } });
    link = (await scenario.seen(slug, ({ phase }) => phase === "ready")).url;
    ann = await person();
  });
  afterAll(async () => {
    await browser.close();
    await endScenario(scenario);
  });

  const person = async () => (await browser.newContext({ viewport: { width: 360, height: 740 } })).newPage();
  const signInAs = async (page: Page, login: string) => {
    await page.click("text=Sign in with GitHub");
    await page.click(`button:has-text("${login}")`);
  };
  const dashboard = () => scenario.mayfly.url;

  test("a colleague who follows the link signs in once, and is in", async () => {
    tellOnFailure(scenario);
    const first = await ann.goto(`${link}/?from=a-link`);
    expect([first?.status(), await ann.textContent("h1")]).toEqual([401, expect.stringContaining("Sign in")]);
    await ann.click('a:text-is("Sign in")');
    await picture(ann, "sign-in-360");
    await signInAs(ann, "ann");
    await ann.waitForURL(`${link}/?from=a-link`);
    expect(await ann.textContent("body")).toContain("a page for colleagues");
  });

  test("and sees on the dashboard what may be done, at any width", async () => {
    tellOnFailure(scenario);
    await ann.goto(`${dashboard()}/previews/${slug}`);
    expect(await ann.textContent("header")).toContain("ann");
    expect(await ann.textContent("#audit")).toContain("opened");
    const refused: string[] = [];
    ann.on("console", (message) => void (message.type() === "error" && refused.push(message.text())));
    for (const width of [360, 1600]) {
      await ann.setViewportSize({ width, height: 900 });
      await ann.goto(`${dashboard()}/previews/${slug}`);
      await picture(ann, `signed-in-${width}`);
      expect(await ann.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    }
    await ann.click(`summary[aria-label="Actions for ${slug}"]`);
    await ann.click("text=Redeploy");
    await ann.waitForSelector("text=Asked to redeploy");
    expect(refused).toEqual([]);
    await scenario.seen(slug, ({ newest }) => newest?.cause === "/redeploy by ann");
  });

  test("a stranger who signs in finds neither the preview nor its page", async () => {
    tellOnFailure(scenario);
    const mallory = await person();
    await mallory.goto(`${dashboard()}/`);
    await signInAs(mallory, "mallory");
    await mallory.waitForSelector("text=No previews yet");
    for (const path of [`/previews/${slug}`, `/visit?to=${encodeURIComponent(link)}`]) {
      const answer = await mallory.goto(`${dashboard()}${path}`);
      expect([answer?.status(), await mallory.textContent("body")]).toEqual([404, expect.not.stringContaining("acme")]);
    }
    const answer = await mallory.goto(link);
    expect([answer?.status(), await mallory.textContent("body")]).toEqual([401, expect.not.stringContaining("acme")]);
  });

  test("a way in that was used or belongs to another host opens nothing", async () => {
    tellOnFailure(scenario);
    const visit = `${dashboard()}/visit?to=${encodeURIComponent(`${link}/`)}`;
    const answer = await ann.request.get(visit, { maxRedirects: 0 });
    const pass = answer.headers()["location"] ?? "";
    expect([answer.status(), pass]).toEqual([303, expect.stringContaining("/.mayfly/pass/")]);
    expect((await scenario.mayfly.visit(pass)).status).toBe(303);
    expect((await scenario.mayfly.visit(pass)).status).toBe(403);
    const led = await ann.request.get(`${dashboard()}/visit?to=${encodeURIComponent("http://evil.test/")}`);
    expect(led.status()).toBe(404);
  });

  test("signing out ends it here, and everything is in the audit without a secret", async () => {
    tellOnFailure(scenario);
    await ann.goto(`${dashboard()}/`);
    await ann.click("text=Sign out");
    await ann.waitForSelector("text=Sign in with GitHub");
    await eventually(async () => {
      const entries = await scenario.mayfly.api<AuditEntry[]>("/api/audit");
      const told = entries.map(({ actor, via, action, outcome }) => `${actor.name} ${via} ${action} ${outcome}`);
      expect(told.toReversed()).toEqual([
        "mayfly mayfly deploy done",
        "ann dashboard sign-in done",
        "ann dashboard redeploy done",
        "mallory dashboard sign-in done",
        "ann dashboard sign-out done",
      ]);
      expect(JSON.stringify(entries)).not.toMatch(/gho_|client's secret|mayfly-session/);
    });
  });
});

/** For people to look at, where MAYFLY_PICTURES names a folder. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["MAYFLY_PICTURES"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
