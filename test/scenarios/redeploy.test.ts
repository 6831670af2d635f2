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

test("/redeploy and a push replace the stack without one failed request", async () => {
  tellOnFailure(scenario);
  const { github, mayfly } = scenario;
  const number = await scenario.open({ branch: "busy", files: miniShop({ page: "first" }) });
  const { url, key } = await scenario.seen("shop-pr-1", ({ phase }) => phase === "ready");

  const load = startLoad(mayfly, url);
  await github.comment({ repo: repository, number, author: "bob", body: "/redeploy" });
  await scenario.seen("shop-pr-1", ({ serving }) => serving?.generation === 2);
  const commit = await scenario.push({ branch: "busy", files: miniShop({ page: "second" }) });
  await scenario.serving("shop-pr-1", commit);
  await eventually(
    async () => expect((await scenario.objects(key)).filter((name) => name.includes("-web-g"))).toHaveLength(1),
    { timeoutMs: 40_000 },
  );
  const { failed, requests } = await load.end();
  expect(requests).toBeGreaterThan(100);
  expect(failed).toEqual([]);
});

test("commands are reacted to at once, answered when done, and refused with the reason", async () => {
  tellOnFailure(scenario);
  const { github } = scenario;
  const number = await scenario.open({ branch: "talk", files: miniShop({ page: "talk" }) });
  const slug = `shop-pr-${number}`;
  await scenario.seen(slug, ({ phase }) => phase === "ready");

  const say = (author: string, body: string) => github.comment({ repo: repository, number, author, body });
  const reactionsTo = (id: number) => github.reactions(id).map(({ content }) => content);
  const replies = async () =>
    (await github.comments(repository, number)).filter(({ author }) => author === "mayfly-bot").map(({ body }) => body);

  const refused = await say("mallory", "/destroy");
  await eventually(
    async () => {
      expect(reactionsTo(refused)).toContain("-1");
      expect((await replies()).join()).toContain("write permission");
    },
    { timeoutMs: 10_000 },
  );
  expect((await scenario.mayfly.show(slug))?.phase).toBe("ready");

  const redeploy = await say("bob", "/redeploy");
  await eventually(() => expect(reactionsTo(redeploy)).toContain("eyes"), { timeoutMs: 10_000 });
  await eventually(() => expect(reactionsTo(redeploy)).toContain("rocket"), { timeoutMs: 60_000 });

  await say("bob", "/redploy");
  await eventually(async () => expect((await replies()).join()).toContain("Did you mean `/redeploy`"), {
    timeoutMs: 10_000,
  });
  await say("bob", "/logs web");
  await eventually(async () => expect((await replies()).join()).toContain("listening"), { timeoutMs: 10_000 });
  const before = (await replies()).length;
  await say("bob", "/lgtm looks good");

  await say("bob", "/destroy");
  await scenario.seen(slug, ({ phase }) => phase === "gone");
  await say("bob", "/deploy");
  await scenario.seen(slug, ({ phase }) => phase === "ready");
  expect((await replies()).length).toBe(before);
});

test("several commands at once are all answered, and the last one holds", async () => {
  tellOnFailure(scenario);
  const { github } = scenario;
  const number = await scenario.open({ branch: "many", files: miniShop({ page: "many" }) });
  const slug = `shop-pr-${number}`;
  await scenario.seen(slug, ({ phase }) => phase === "ready");
  const say = (body: string) => github.comment({ repo: repository, number, author: "bob", body });
  const ids = [await say("/redeploy"), await say("/redeploy"), await say("/reset")];
  await eventually(
    () => {
      for (const id of ids)
        expect(github.reactions(id).map(({ content }) => content)).toEqual([expect.stringMatching(/rocket|\+1/)]);
    },
    { timeoutMs: 60_000 },
  );
  expect((await scenario.mayfly.show(slug))?.serving?.generation).toBe(4);
});

test("a verb through the API ends the attempt under way", async () => {
  tellOnFailure(scenario);
  const number = await scenario.open({ branch: "stuck", files: miniShop({ server: "setInterval(() => {}, 1000)" }) });
  const slug = `shop-pr-${number}`;
  const { key } = await scenario.seen(slug, ({ newest }) => newest?.phase === "starting");
  await scenario.mayfly.api(`/api/previews/${slug}/destroy`, { method: "POST" });
  await scenario.seen(slug, ({ phase }) => phase === "gone", 15_000);
  expect(await scenario.objects(key)).toEqual([]);
});

test("a branch with nothing but a Dockerfile is run by a template", async () => {
  tellOnFailure(scenario);
  const removed = Object.fromEntries(Object.keys(miniShop()).map((path) => [path, null]));
  const number = await scenario.open({
    branch: "plain",
    files: {
      ...removed,
      Dockerfile: 'FROM node:24\nCOPY server.js /server.js\nEXPOSE 8000\nCMD ["node", "/server.js"]\n',
      "server.js": `require("node:http").createServer((q, r) => r.end("from a template")).listen(8000, "0.0.0.0");`,
    },
  });
  const { url } = await scenario.seen(`shop-pr-${number}`, ({ phase }) => phase === "ready");
  expect((await scenario.mayfly.visit(url)).body).toBe("from a template");
});
