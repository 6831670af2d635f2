import { resolve } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "../../demo/browser.ts";
import { eventually } from "../support/eventually.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const guestbook = resolve(import.meta.dirname, "../../examples/guestbook");
const slug = "shop-pr-1";

// One story, told in order: each test goes on where the one before stopped.
describe("a pull request of a product with a database", () => {
  let scenario: Scenario;
  let browser: Browser;
  let number: number;
  let link: string;
  beforeAll(async () => {
    [scenario, browser] = await Promise.all([startScenario({ files: guestbook }), openBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await endScenario(scenario);
  });

  const firstLine = async () => (await scenario.comment(number)).split("\n")[0] ?? "";
  const announce = (text: string) => scenario.push({ branch: "sale", files: { "web/announcement.txt": `${text}\n` } });
  const databaseId = async () => {
    const { key } = (await scenario.mayfly.show(slug))!;
    const label = [`dev.mayfly.preview=${key}`, `dev.mayfly.server=${scenario.serverId}`, "dev.mayfly.service=db"];
    const found = await scenario.docker.listContainers({ all: true, filters: { label } });
    expect(found).toHaveLength(1);
    return found[0]!.Id;
  };

  test("its first visitor sees it being built, and the page becomes the site by itself", async () => {
    tellOnFailure(scenario);
    await announce("A first announcement");
    // Known before anything runs: the reviewer may be quicker than the build.
    const page = await browser.newPage();
    number = await scenario.github.openPullRequest({
      repo: repository,
      head: "sale",
      title: "Announce the sale",
      author: "ann",
    });
    const early = await scenario.seen(slug, () => true);
    link = early.url;
    // The gateway hears of it a moment after the store.
    await eventually(async () => expect((await scenario.mayfly.visit(link)).status).not.toBe(404));
    await page.goto(link);
    await page.waitForSelector("text=A first announcement", { timeout: 60_000 });
    expect(await page.textContent("body")).toContain("Ada Lovelace");
    await page.close();
  });

  test("the pull request gets one comment with the link, a status and a deployment, once the link answers", async () => {
    tellOnFailure(scenario);
    const { commit } = (await scenario.seen(slug, ({ phase }) => phase === "ready")).serving!;
    await eventually(
      async () => {
        expect(await firstLine()).toMatch(
          /^\*\*\[shop-pr-1\.preview\.localhost.*\]\(http:.*\)\*\* is ready at .*, in .* s/,
        );
        expect(scenario.github.statuses(repository, commit)[0]).toMatchObject({ context: "mayfly", state: "success" });
        const [deployment] = scenario.github.deployments(repository);
        expect(deployment).toMatchObject({
          deployment: { environment: "Preview", sha: commit },
          statuses: [{ state: "success", environment_url: link }, expect.anything()],
        });
      },
      { timeoutMs: 15_000 },
    );
    expect((await scenario.comment(number)).split("\n").length).toBeLessThan(60);
    const { url, token } = scenario.mayfly;
    const { body: metrics } = await scenario.mayfly.visit(`${url}/metrics`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(metrics).toContain('mayfly_deployments_total{outcome="ready",code=""} 1');
    expect(metrics).toContain('mayfly_previews{phase="ready"} 1');
    expect(metrics).toMatch(/mayfly_github_requests_total\{method="POST",status="2xx"\} [1-9]/);
    const page = await scenario.mayfly.visit(link);
    expect(page).toMatchObject({ status: 200, headers: { "x-robots-tag": "noindex" } });
    expect(page.body).toContain(commit.slice(0, 7));
  });

  test("what a reviewer wrote is there after three pushes, and the database was never replaced", async () => {
    tellOnFailure(scenario);
    const signed = await scenario.mayfly.visit(`${link}/`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: link },
      body: "name=Rita+Reviewer&message=I+was+here",
    });
    expect(signed.status).toBeLessThan(400);
    const before = await databaseId();
    for (const text of ["second", "third", "fourth"]) {
      const commit = await announce(text);
      await scenario.serving(slug, commit);
      const { body } = await scenario.mayfly.visit(link);
      expect(body).toContain(text);
      expect(body).toContain("Rita Reviewer");
      expect(await databaseId()).toBe(before);
    }
  });

  test("a killed database is started again, with the same data", async () => {
    tellOnFailure(scenario);
    const id = await databaseId();
    await scenario.docker.getContainer(id).kill();
    await eventually(async () => expect((await scenario.docker.getContainer(id).inspect()).State.Running).toBe(true), {
      timeoutMs: 20_000,
    });
    await eventually(async () => expect((await scenario.mayfly.visit(link)).body).toContain("Rita Reviewer"), {
      timeoutMs: 20_000,
    });
    expect(await databaseId()).toBe(id);
  });

  test("/redeploy keeps the data, /reset starts over with the seed", async () => {
    tellOnFailure(scenario);
    const say = (body: string) => scenario.github.comment({ repo: repository, number, author: "bob", body });
    const generation = async () => (await scenario.mayfly.show(slug))!.newest!.generation;
    const before = await generation();
    await say("/redeploy");
    await scenario.seen(slug, ({ serving }) => serving?.generation === before + 1);
    expect((await scenario.mayfly.visit(link)).body).toContain("Rita Reviewer");
    await say("/reset");
    await scenario.seen(slug, ({ serving }) => serving?.generation === before + 2);
    const { body } = await scenario.mayfly.visit(link);
    expect(body).not.toContain("Rita Reviewer");
    expect(body).toContain("Ada Lovelace");
  });

  test("the dashboard shows it in a browser: list, preview page, logs", async () => {
    tellOnFailure(scenario);
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(scenario.mayfly.dashboardLink);
    await page.waitForSelector(`text=${slug}`);
    await page.click(`a:has-text("${slug}")`);
    await page.waitForSelector("text=/listening on 0\\.0\\.0\\.0/", { timeout: 15_000 });
    expect(await page.textContent("body")).toContain("Announce the sale");
    for (const width of [360, 1600]) {
      await page.setViewportSize({ width, height: 900 });
      expect(
        await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
      ).toBeLessThanOrEqual(0);
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  test("merged, nothing of it is left, its link says so, and so does the comment", async () => {
    tellOnFailure(scenario);
    const { key } = (await scenario.mayfly.show(slug))!;
    expect((await scenario.objects(key)).length).toBeGreaterThan(5);
    await scenario.github.merge({ repo: repository, number, author: "ann" });
    await scenario.seen(slug, ({ phase }) => phase === "gone");
    expect(await scenario.objects(key)).toEqual([]);
    expect((await scenario.mayfly.visit(link)).status).toBe(410);
    await eventually(async () => expect(await firstLine()).toMatch(/^Gone since the merge/), { timeoutMs: 15_000 });
    await eventually(
      () => {
        const states = scenario.github.deployments(repository).map(({ statuses }) => statuses[0]?.state);
        expect(states).not.toContain("success");
      },
      { timeoutMs: 15_000 },
    );
  });
});
