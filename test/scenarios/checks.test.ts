import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startLoad } from "../support/load.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop() });
});
afterAll(() => endScenario(scenario));

const manifest = `checks:
  - { name: smoke, service: web, command: node /app/smoke.js, timeout: 1m }
  - { name: e2e, image: "node:24", files: e2e, command: [ node, run.js ], required: false }
`;
/** Asks the candidate itself, and wants this page of it. */
const smoke = (wanted: string, waitMs = 0) => `setTimeout(async () => {
  const page = await (await fetch(process.env.MAYFLY_URL)).text();
  console.log("the page is", page.trim(), "by", process.env.MAYFLY_CHECK);
  process.exit(page.startsWith("${wanted}") ? 0 : 4);
}, ${waitMs});
`;
const shop = (page: string, more: Record<string, string> = {}) =>
  miniShop({
    page,
    files: {
      ".mayfly.yaml": manifest,
      "web/smoke.js": smoke(page),
      "e2e/run.js": `console.error("one of two pages is broken in", process.cwd());\nprocess.exit(1);\n`,
      ...more,
    },
  });
const checksOf = async (key: string) => (await scenario.objects(key)).filter((name) => name.includes(".check-"));

test("required checks gate the new version, optional ones only report, and each is on the pull request with its log", async () => {
  tellOnFailure(scenario);
  const { github, mayfly } = scenario;
  const number = await scenario.open({ branch: "checked", files: shop("good") });
  const slug = `shop-pr-${number}`;
  const view = await scenario.seen(
    slug,
    ({ checks }) => checks.length === 2 && checks.every(({ state }) => state !== "running"),
  );
  const { key, url } = view;
  await scenario.seen(slug, ({ phase }) => phase === "ready");
  expect(view.checks).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: "smoke", required: true, state: "passed", detail: null }),
      expect.objectContaining({
        name: "e2e",
        required: false,
        state: "failed",
        detail: expect.stringMatching(/^exited with code 1/),
      }),
    ]),
  );
  const lines = await mayfly.api<{ line: string }[]>(`/api/previews/${slug}/check-logs?check=smoke`);
  expect(lines.map(({ line }) => line)).toEqual([expect.stringMatching(/^the page is good at \w+ by smoke$/)]);
  const told = await mayfly.api<{ line: string }[]>(`/api/previews/${slug}/check-logs?check=e2e`);
  expect(told.map(({ line }) => line)).toEqual(["one of two pages is broken in /check"]);
  expect(await checksOf(key)).toEqual([]);
  const commit = view.newest!.commit;
  const statusOf = (sha: string, context: string) =>
    github.statuses(repository, sha).find((each) => each.context === context);
  await eventually(
    async () => {
      expect(statusOf(commit, "mayfly/smoke")).toMatchObject({ state: "success" });
      expect(statusOf(commit, "mayfly/e2e")).toMatchObject({ state: "failure" });
      expect(statusOf(commit, "mayfly")).toMatchObject({ state: "success" });
      // In the order in which they began: in one millisecond, by name.
      const comment = await scenario.comment(number);
      expect(comment).toMatch(/^Checks: .*`smoke`\]\([^)]*\) passed in /m);
      expect(comment).toMatch(/^Checks: .*`e2e`\]\([^)]*\) failed in [^·]*only reports/m);
    },
    { timeoutMs: 20_000 },
  );

  // What it asks is the candidate, while visitors are still answered by what served before.
  const load = startLoad(mayfly, url);
  const bad = await scenario.push({
    branch: "checked",
    files: { "web/page.txt": "bad", "web/smoke.js": smoke("good", 1000) },
  });
  const failed = await scenario.seen(slug, ({ newest }) => newest?.commit === bad && newest.phase === "failed");
  expect(failed).toMatchObject({
    phase: "ready",
    newest: { failure: { code: "check-failed", what: expect.stringMatching(/^the check smoke exited with code 4/) } },
  });
  expect(failed.newest?.failure?.logTail).toEqual([expect.stringContaining("the page is bad")]);
  await eventually(
    async () => {
      expect(statusOf(bad, "mayfly/smoke")).toMatchObject({ state: "failure" });
      expect((await scenario.comment(number)).split("\n")[0]).toMatch(/serves .* failed: the check smoke exited/);
      expect(await checksOf(key)).toEqual([]);
      expect((await scenario.objects(key)).filter((name) => /_g2|-g2/.test(name))).toEqual([]);
    },
    { timeoutMs: 20_000 },
  );

  // Killed while it runs: it is waited for, not run again, and nothing of it is left.
  const slow = await scenario.push({
    branch: "checked",
    files: { "web/page.txt": "slow", "web/smoke.js": smoke("slow", 6000) },
  });
  await eventually(async () => expect(await checksOf(key)).toContainEqual(expect.stringContaining(".check-smoke-g3")), {
    timeoutMs: 60_000,
  });
  const { failed: lost, requests } = await load.end();
  expect(requests).toBeGreaterThan(20);
  expect(lost).toEqual([]);
  await mayfly.kill();
  await mayfly.start();
  const ready = await scenario.serving(slug, slow);
  expect(ready.checks).toContainEqual(expect.objectContaining({ name: "smoke", state: "passed" }));
  expect(ready.checks.find(({ name }) => name === "smoke")!.seconds).toBeGreaterThan(4);
  await eventually(async () => expect(await checksOf(key)).toEqual([]), { timeoutMs: 20_000 });
});

test("a check that nobody waits for keeps nothing else waiting: what falls over is started again, Mayfly may be killed, and a push ends it", async () => {
  tellOnFailure(scenario);
  const { mayfly, docker, serverId } = scenario;
  const long = (ms: number) => `setTimeout(() => console.log("no error in", ${ms}), ${ms});\n`;
  const checked = `checks:
  - { name: load, image: "node:24", files: load, command: [ node, run.js ], required: false }
  - { name: odd, image: "python:3.13", command: [ no-such-program ], required: false }
`;
  const files = { ".mayfly.yaml": checked, "load/run.js": long(16_000) };
  const number = await scenario.open({ branch: "followed", files: miniShop({ page: "loaded", files }) });
  const slug = `shop-pr-${number}`;
  const { key, url } = await scenario.seen(slug, ({ phase, checks }) => phase === "ready" && checks.length === 2);
  const stateOf = async (name: string) => (await mayfly.show(slug))!.checks.find((each) => each.name === name)?.state;
  await eventually(async () => expect(await stateOf("odd")).toBe("failed"), { timeoutMs: 20_000 });

  const label = [`dev.mayfly.server=${serverId}`, `dev.mayfly.preview=${key}`, "dev.mayfly.service=web"];
  const [web] = await docker.listContainers({ filters: { label } });
  await docker.getContainer(web!.Id).remove({ force: true });
  await eventually(async () => expect((await mayfly.visit(url)).status).toBe(200), { timeoutMs: 15_000 });
  expect(await stateOf("load")).toBe("running");
  await mayfly.kill();
  await mayfly.start();
  const ended = await scenario.seen(slug, ({ checks }) => checks.every(({ state }) => state !== "running"), 60_000);
  expect(ended.checks.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
    { name: "load", state: "passed" },
    { name: "odd", state: "failed", detail: expect.stringMatching(/^exited with code 127/) },
  ]);
  expect(ended.checks.find(({ name }) => name === "load")!.seconds).toBeGreaterThan(15);
  await eventually(async () => expect(await checksOf(key)).toEqual([]), { timeoutMs: 20_000 });

  const again = await scenario.push({ branch: "followed", files: { "load/run.js": long(600_000) } });
  await scenario.serving(slug, again);
  expect(await stateOf("load")).toBe("running");
  const last = await scenario.push({ branch: "followed", files: { ".mayfly.yaml": null } });
  await scenario.serving(slug, last);
  await eventually(async () => expect(await checksOf(key)).toEqual([]), { timeoutMs: 50_000 });
});
