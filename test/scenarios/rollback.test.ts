import { afterAll, beforeAll, expect, test } from "vitest";
import { mayfly as cli } from "../cli/spawned.ts";
import { eventually } from "../support/eventually.ts";
import { startLoad } from "../support/load.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop() });
});
afterAll(() => endScenario(scenario));

/** Listens at once, and answers as `then` says (an expression) after two seconds. */
const slowly = (then: string) => `const http = require("node:http");
const startedAt = Date.now();
http.createServer((request, response) => {
  if (Date.now() - startedAt > 2000) return ${then};
  response.statusCode = 500;
  response.end("migrations are running");
}).listen(3000, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
`;
const noRestart = miniShop()["compose.yaml"]!.replace("restart: unless-stopped", 'restart: "no"');

test("an application that answers 500 for its first seconds is not ready, and what it answers is told when the time is over", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const number = await scenario.open({
    branch: "migrating",
    files: miniShop({
      server: slowly('response.end("welcome to the shop")'),
      files: { ".mayfly.yaml": "ready: { status: 200, body: welcome, timeout: 30s }\n" },
    }),
  });
  const slug = `shop-pr-${number}`;
  const view = await scenario.seen(slug, ({ phase }) => phase === "ready");
  expect(await mayfly.visit(view.url)).toMatchObject({ status: 200, body: "welcome to the shop" });

  const load = startLoad(mayfly, view.url);
  const broken = await scenario.push({
    branch: "migrating",
    files: { ".mayfly.yaml": "ready: { status: 200, body: goodbye, timeout: 4s }\n" },
  });
  const failed = await scenario.seen(slug, ({ newest }) => newest?.commit === broken && newest.phase === "failed");
  expect(failed.newest?.failure).toMatchObject({
    code: "probe-failed",
    service: "web",
    what: 'web:3000/ answers 200 without "goodbye": welcome to the shop',
  });
  expect(failed.phase).toBe("ready");

  // Long before the deadline of three minutes: nobody starts it again.
  const ends = await scenario.push({
    branch: "migrating",
    files: { ".mayfly.yaml": null, "compose.yaml": noRestart, "web/server.js": slowly("process.exit(9)") },
  });
  const ended = await scenario.seen(slug, ({ newest }) => newest?.commit === ends && newest.phase === "failed", 60_000);
  expect(ended.newest?.failure).toMatchObject({ code: "service-exited", service: "web" });
  await eventually(
    async () => expect((await scenario.objects(view.key)).filter((name) => /_g3|-g3/.test(name))).toEqual([]),
    { timeoutMs: 20_000 },
  );
  const { failed: lost, requests } = await load.end();

  // No page of its own at `/`, or none without a sign-in: as good an application as any.
  const answers = [
    "response.writeHead(404).end('nothing here')",
    'response.writeHead(302, { location: "/login" }).end()',
  ];
  for (const [index, then] of answers.entries()) {
    const commit = await scenario.push({
      branch: "migrating",
      files: { "compose.yaml": miniShop()["compose.yaml"]!, "web/server.js": slowly(then) },
    });
    await scenario.serving(slug, commit);
    expect((await mayfly.visit(view.url)).status).toBe([404, 302][index]);
  }
  expect(requests).toBeGreaterThan(50);
  expect(lost).toEqual([]);
});

test("/rollback returns to the deployment before, in seconds and without a failed request, and says what it does not do", async () => {
  tellOnFailure(scenario);
  const { mayfly, github } = scenario;
  const first = (await scenario.push({ branch: "back", files: miniShop({ page: "the good page" }) })).slice(0, 7);
  const number = await github.openPullRequest({ repo: repository, head: "back", title: "Back", author: "ann" });
  const slug = `shop-pr-${number}`;
  const { url } = await scenario.seen(slug, ({ phase }) => phase === "ready");
  const second = await scenario.push({ branch: "back", files: miniShop({ page: "the bad page" }) });
  await scenario.serving(slug, second);
  expect((await mayfly.visit(url)).body).toContain("the bad page");

  const load = startLoad(mayfly, url);
  const say = (body: string) => github.comment({ repo: repository, number, author: "bob", body });
  const asked = await say("/rollback");
  const back = await scenario.seen(slug, ({ serving }) => serving?.generation === 3);
  expect(back).toMatchObject({ serving: { commit: expect.stringMatching(`^${first}`) }, rollbackTo: null });
  expect(back.serving?.seconds).toBeLessThan(20);
  expect((await mayfly.visit(url)).body).toContain("the good page");
  await eventually(
    async () => {
      const comment = await scenario.comment(number);
      expect(comment.split("\n")[0]).toMatch(new RegExp(`is rolled back to .*${first}`));
      expect(comment).toContain("which was not rolled back");
      expect(comment).toMatch(new RegExp(`/redeploy\` returns to .*${second.slice(0, 7)}`));
      expect(github.reactions(asked).map(({ content }) => content)).toContain("rocket");
      expect(github.statuses(repository, second)[0]).toMatchObject({
        state: "success",
        description: expect.stringContaining(`Rolled back to ${first}`),
      });
    },
    { timeoutMs: 20_000 },
  );

  await say("/rollback");
  await eventually(
    async () => {
      const told = (await github.comments(repository, number)).map(({ body }) => body).join();
      expect(told).toContain("no deployment of another commit was ready before the one that serves");
    },
    { timeoutMs: 10_000 },
  );

  const third = await scenario.push({ branch: "back", files: miniShop({ page: "the third page" }) });
  const pushed = await scenario.serving(slug, third);
  expect(pushed.rolledBack).toBeNull();
  expect(pushed.rollbackTo?.commit).toMatch(new RegExp(`^${first}`));
  expect((await mayfly.visit(url)).body).toContain("the third page");

  const environment = { MAYFLY_SERVER: mayfly.url, MAYFLY_API_TOKEN: mayfly.token };
  const told = await cli(["rollback", slug], { environment });
  expect(told).toMatchObject({ code: 0, out: `${slug} goes back to ${first}; data does not go back with it\n` });
  await scenario.seen(slug, ({ serving }) => serving?.generation === 5);
  expect((await mayfly.visit(url)).body).toContain("the good page");
  const { failed, requests } = await load.end();
  expect(requests).toBeGreaterThan(100);
  expect(failed).toEqual([]);
});

test("a version that ends soon after it took over is told of, and /rollback mends it", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const number = await scenario.open({ branch: "short", files: miniShop({ page: "lasting" }) });
  const slug = `shop-pr-${number}`;
  const { url } = await scenario.seen(slug, ({ phase }) => phase === "ready");
  const short = `${miniShop()["web/server.js"]!}\nsetTimeout(() => process.exit(7), 4000);\n`;
  const commit = await scenario.push({ branch: "short", files: { "compose.yaml": noRestart, "web/server.js": short } });
  const { reason } = await scenario.seen(
    slug,
    ({ serving, reason: why }) => serving?.commit === commit && why !== null,
  );
  expect(reason).toMatch(/^web is down: it had ended with code 7, soon after it was started/);
  await mayfly.api(`/api/previews/${slug}/rollback`, { method: "POST" });
  const back = await scenario.seen(slug, ({ serving }) => serving?.generation === 3);
  expect(back.reason).toBeNull();
  expect((await mayfly.visit(url)).body).toContain("lasting at");
});

test("a rollback whose images were removed builds them again from that commit", async () => {
  tellOnFailure(scenario);
  const { mayfly, docker, serverId } = scenario;
  const number = await scenario.open({ branch: "gone", files: miniShop({ page: "before all" }) });
  const slug = `shop-pr-${number}`;
  const { key, url } = await scenario.seen(slug, ({ phase }) => phase === "ready");
  const filters = { label: [`dev.mayfly.server=${serverId}`, `dev.mayfly.preview=${key}`, "dev.mayfly.service=web"] };
  const [web] = await docker.listContainers({ filters });
  await scenario.serving(slug, await scenario.push({ branch: "gone", files: miniShop({ page: "after that" }) }));
  await eventually(async () => expect(await docker.listContainers({ all: true, filters })).toHaveLength(1), {
    timeoutMs: 40_000,
  });
  await docker.getImage(web!.ImageID).remove({ force: true });

  await mayfly.api(`/api/previews/${slug}/rollback`, { method: "POST" });
  await scenario.seen(slug, ({ serving }) => serving?.generation === 3);
  expect((await mayfly.visit(url)).body).toContain("before all");
});
