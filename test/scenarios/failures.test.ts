import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop() });
});
afterAll(() => endScenario(scenario));

const crashing = `console.error("Error: no such table: carts");\nprocess.exit(3);\n`;
const oneShot = miniShop()["compose.yaml"]!.replace(
  "    restart: unless-stopped\n",
  '    restart: "no"\n    expose: [3000]\n',
);

describe("a push that fails", () => {
  test("at its start leaves what serves untouched, and the pull request is told which service, how, and its last lines", async () => {
    tellOnFailure(scenario);
    const { mayfly } = scenario;
    const number = await scenario.open({ branch: "crash", files: miniShop({ page: "good" }) });
    const good = await scenario.seen("shop-pr-1", ({ phase }) => phase === "ready");
    const commit = await scenario.push({
      branch: "crash",
      files: { ...miniShop({ server: crashing, compose: oneShot }) },
    });
    const view = await scenario.seen(
      "shop-pr-1",
      ({ newest }) => newest?.commit === commit && newest.phase === "failed",
    );
    expect(view).toMatchObject({
      phase: "ready",
      serving: { commit: good.serving?.commit },
      newest: { failure: { code: "service-exited", service: "web" } },
    });
    expect((await mayfly.visit(view.url)).body).toContain("good at");
    await eventually(
      async () => {
        const comment = await scenario.comment(number);
        expect(comment.split("\n")[0]).toMatch(/serves.*failed: .*web.*exited with code 3/);
        expect(comment).toContain("no such table: carts");
        expect(scenario.github.statuses(repository, commit)[0]).toMatchObject({ context: "mayfly", state: "failure" });
      },
      { timeoutMs: 10_000 },
    );
    // The candidate is removed, its network too.
    await eventually(
      async () => expect((await scenario.objects(view.key)).filter((name) => /g2/.test(name))).toEqual([]),
      { timeoutMs: 20_000 },
    );
  });

  test("to build names the step of the Dockerfile, and the next push mends it", async () => {
    tellOnFailure(scenario);
    const number = await scenario.open({
      branch: "build",
      files: miniShop({ dockerfile: "FROM node:24\nRUN echo before && false\n" }),
    });
    const view = await scenario.seen("shop-pr-2", ({ phase }) => phase === "failed");
    expect(view.newest?.failure).toMatchObject({ code: "build-failed" });
    const page = await scenario.mayfly.visit(view.url, { headers: { accept: "text/html" } });
    expect(page.status).toBe(503);
    expect(page.body).toContain("RUN echo before");
    await eventually(async () => expect(await scenario.comment(number)).toContain("RUN echo before"), {
      timeoutMs: 10_000,
    });
    const commit = await scenario.push({ branch: "build", files: miniShop({ page: "mended" }) });
    expect((await scenario.mayfly.visit((await scenario.serving("shop-pr-2", commit)).url)).body).toContain(
      "mended at",
    );
  });

  test.each<[string, Record<string, string>, string, RegExp]>([
    [
      "asks for the engine's socket",
      miniShop({
        compose: miniShop()["compose.yaml"]!.replace(
          "    restart: unless-stopped\n",
          "    volumes: [/var/run/docker.sock:/var/run/docker.sock]\n",
        ),
      }),
      "policy-refused",
      /compose\.yaml:5:\d+.*docker\.sock/,
    ],
    ["has broken YAML", miniShop({ compose: "services:\n  web: [\n" }), "yaml-invalid", /compose\.yaml/],
    ["has no Compose file", { "README.md": "# nothing to run" }, "no-compose-file", /Compose file/],
  ])("because its branch %s says where and what to write instead", async (name, files, code, what) => {
    tellOnFailure(scenario);
    const branch = `bad-${code}`;
    const removed = name.startsWith("has no")
      ? Object.fromEntries(Object.keys(miniShop()).map((path) => [path, null]))
      : {};
    const number = await scenario.open({ branch, files: { ...removed, ...files } });
    const view = await scenario.seen(`shop-pr-${number}`, ({ phase }) => phase === "failed");
    expect(view.newest?.failure).toMatchObject({ code });
    await eventually(async () => expect(await scenario.comment(number)).toMatch(what), { timeoutMs: 10_000 });
    expect(await scenario.objects(view.key)).toEqual([]);
  });
});

test("ten minutes without GitHub lose nothing, and are told in one comment", async () => {
  tellOnFailure(scenario);
  const { github, mayfly } = scenario;
  const number = await scenario.open({ branch: "down", files: miniShop({ page: "before" }) });
  const slug = `shop-pr-${number}`;
  await scenario.seen(slug, ({ phase }) => phase === "ready");
  await github.settled();
  await github.down("unavailable");
  const commit = await scenario.push({ branch: "down", files: miniShop({ page: "meanwhile" }) });
  const { url } = await scenario.serving(slug, commit);
  expect((await mayfly.visit(url)).body).toContain("meanwhile at");
  await github.down(false);
  await eventually(async () => expect((await scenario.comment(number)).split("\n")[0]).toContain(commit.slice(0, 7)), {
    timeoutMs: 90_000,
  });
});
