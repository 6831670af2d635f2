import { afterAll, beforeAll, expect, test } from "vitest";
import { live, shopWithData } from "../support/kill-life.ts";
import { type KillStage, onceEach, startKillStage } from "../support/kill-stage.ts";
import { tellOnFailure } from "../support/scenario.ts";

let stage: KillStage;
beforeAll(async () => {
  stage = await startKillStage({ files: shopWithData("first") });
});
afterAll(() => stage[Symbol.asyncDispose]());

test("kill -9 after every single call of a deployment, a push, falling asleep, waking and a removal, in one life, changes nothing about its ends", async () => {
  tellOnFailure(stage);
  const pass = () => "pass" as const;
  const undisturbed = await live(stage, {
    branch: "peace",
    fates: { deploy: pass, push: pass, sleep: pass, wake: pass, remove: pass },
  });
  expect(stage.kills()).toBe(0);
  const ends = undisturbed.map(({ end }) => end);
  expect(ends[0]).toContainEqual(expect.stringMatching(/^web running g1 in/));
  const killed = await live(stage, {
    branch: "kills",
    fates: { deploy: onceEach(), push: onceEach(), sleep: onceEach(), wake: onceEach(), remove: onceEach() },
    expected: ends,
  });
  expect(killed.map(({ end }) => end)).toEqual(ends);
  expect(stage.kills()).toBeGreaterThanOrEqual(undisturbed.flatMap(({ calls }) => calls).length * 0.8);
}, 900_000);
