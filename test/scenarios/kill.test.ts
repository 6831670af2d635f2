import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const plain = miniShop()["web/server.js"] ?? "";

/** Listens only after a while, so that two generations run for that time. */
const slowToListen = (page: string) => {
  const begin = plain.indexOf("server.listen(");
  const end = plain.indexOf("process.on(");
  return miniShop({
    page,
    server: `${plain.slice(0, begin)}setTimeout(() => { ${plain.slice(begin, end)} }, 6000);\n${plain.slice(end)}`,
  });
};

/** Keeps a stream open for whoever asks for it. */
const streaming = (page: string) => {
  const stream =
    'if (request.url === "/stream") { response.writeHead(200, { "content-type": "text/event-stream" }); response.write("data: 1\\n\\n"); } else ';
  return miniShop({
    page,
    server: plain.replace('if (request.url === "/slow")', `${stream}if (request.url === "/slow")`),
  });
};

describe("kill -9 with both generations running", () => {
  let scenario: Scenario;
  beforeAll(async () => {
    scenario = await startScenario({ files: miniShop() });
  });
  afterAll(() => endScenario(scenario));

  const bothRun = (key: string) =>
    eventually(
      async () => {
        const label = [`dev.mayfly.preview=${key}`, `dev.mayfly.server=${scenario.serverId}`];
        const running = await scenario.docker.listContainers({ filters: { label } });
        expect(running.map(({ Names }) => Names[0])).toHaveLength(2);
      },
      { timeoutMs: 60_000 },
    );

  test("before the commit point: the old one serves after the restart, the new one takes over although its commit is gone, and removal works without git", async () => {
    tellOnFailure(scenario);
    const { github, mayfly } = scenario;
    const number = await scenario.open({ branch: "before", files: miniShop({ page: "old" }) });
    const { url, key } = await scenario.seen("shop-pr-1", ({ phase }) => phase === "ready");
    const commit = await scenario.push({ branch: "before", files: slowToListen("new") });
    await bothRun(key);
    await mayfly.kill();
    expect((await scenario.objects(key)).filter((name) => name.includes("-web-g"))).toHaveLength(2);

    await github.git.repository(repository).destroyCommit(commit);
    github.git.down(true);
    await mayfly.start();
    expect((await mayfly.visit(url)).body).toMatch(/^(old|new) at/);
    await scenario.serving("shop-pr-1", commit);
    expect((await mayfly.visit(url)).body).toContain(`new at ${commit}`);
    await github.close({ repo: repository, number, author: "ann" });
    await eventually(async () => expect(await scenario.objects(key)).toEqual([]), { timeoutMs: 30_000 });
  });

  test("after the commit point: the new one serves after the restart and the old one is removed", async () => {
    tellOnFailure(scenario);
    const { github, mayfly } = scenario;
    github.git.down(false);
    const number = await scenario.open({ branch: "after", files: streaming("old") });
    const { url, key, slug } = await scenario.seen("shop-pr-2", ({ phase }) => phase === "ready");
    const stream = openStream(mayfly.port, url);
    await stream.begun;
    const commit = await scenario.push({ branch: "after", files: streaming("new") });
    await scenario.seen(slug, ({ serving }) => serving?.commit === commit);
    // The open stream keeps the old generation draining.
    await bothRun(key);
    await mayfly.kill();
    stream.close();

    github.git.down(true);
    await mayfly.start();
    expect((await mayfly.visit(url)).body).toContain(`new at ${commit}`);
    await eventually(
      async () =>
        expect((await scenario.objects(key)).filter((name) => name.includes("-web-g"))).toEqual([
          expect.stringContaining("-web-g2"),
        ]),
      { timeoutMs: 30_000 },
    );
    await github.close({ repo: repository, number, author: "ann" });
    await eventually(async () => expect(await scenario.objects(key)).toEqual([]), { timeoutMs: 30_000 });
    expect((await mayfly.visit(url)).status).toBe(410);
  });

  test("after all of it is gone, before GitHub heard so: the pull request is told after the restart", async () => {
    tellOnFailure(scenario);
    const { github, mayfly } = scenario;
    github.git.down(false);
    const number = await scenario.open({ branch: "untold", files: miniShop() });
    const slug = `shop-pr-${number}`;
    await scenario.seen(slug, ({ phase }) => phase === "ready");
    await eventually(async () => expect(await scenario.comment(number)).toContain("is ready at"));
    await github.close({ repo: repository, number, author: "ann" });
    // It has heard of the end, and goes about it.
    await scenario.seen(slug, ({ phase }) => phase !== "ready");
    await github.down("unavailable");
    await scenario.seen(slug, ({ phase }) => phase === "gone");
    await mayfly.kill();
    await github.down(false);
    expect(await scenario.comment(number)).not.toMatch(/^Gone/);
    await mayfly.start();
    await eventually(async () => expect(await scenario.comment(number)).toMatch(/^Gone/), { timeoutMs: 30_000 });
  });
});

function openStream(port: number, url: string): { begun: Promise<void>; close(): void } {
  const call = request({
    host: "127.0.0.1",
    port,
    path: "/stream",
    headers: { host: new URL(url).host },
    agent: false,
  });
  const begun = new Promise<void>((resolve, reject) => {
    call.once("response", (response) => {
      response.on("error", () => undefined);
      response.once("data", () => resolve());
      response.resume();
    });
    call.once("error", reject);
  });
  call.end();
  return { begun, close: () => call.destroy() };
}
