import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop() });
});
afterAll(async () => {
  await endScenario(scenario);
});

test("a second push during a long build ends at the newest commit, with one comment", async () => {
  tellOnFailure(scenario);
  const { github, mayfly } = scenario;
  const number = await scenario.open({ branch: "slow", files: { "web/Dockerfile": "FROM node:24\nRUN sleep 60\n" } });
  await scenario.seen("shop-pr-1", ({ newest }) => newest?.phase === "building");
  await eventually(async () => expect(await scenario.comment(number)).toContain("Building"), { timeoutMs: 10_000 });

  const commit = await scenario.push({ branch: "slow", files: miniShop({ page: "the newest page" }) });
  const view = await scenario.serving("shop-pr-1", commit, 45_000);
  expect((await mayfly.visit(view.url)).body).toContain(`the newest page at ${commit}`);
  await eventually(
    async () => {
      expect((await scenario.comment(number)).split("\n")[0]).toMatch(
        new RegExp(`is ready at .*${commit.slice(0, 7)}`),
      );
      expect(github.statuses(repository, commit)[0]).toMatchObject({ context: "mayfly", state: "success" });
    },
    { timeoutMs: 15_000 },
  );
});
