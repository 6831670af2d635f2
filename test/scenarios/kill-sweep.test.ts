import { afterAll, beforeAll, expect, test } from "vitest";
import type { EngineCall, Fate } from "../support/engine-proxy.ts";
import { type KillStage, startKillStage } from "../support/kill-stage.ts";
import { tellOnFailure } from "../support/scenario.ts";

let stage: KillStage;
beforeAll(async () => {
  stage = await startKillStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Each call is made once without an answer; what comes of it is for the next process to find. */
function onceEach(): (call: EngineCall) => Fate {
  const seen = new Set<EngineCall>();
  return (call) => {
    if (seen.has(call)) return "pass";
    seen.add(call);
    return "kill after";
  };
}

test("kill -9 after every single call of a deployment, a push, falling asleep, waking and a removal, in one life, changes nothing about its ends", async () => {
  tellOnFailure(stage);
  const pass = () => "pass" as const;
  const undisturbed = await stage.life("peace", { deploy: pass, push: pass, sleep: pass, wake: pass, remove: pass });
  expect(stage.kills()).toBe(0);
  expect(undisturbed.ends[0]).toContainEqual(expect.stringMatching(/^web running g1 in/));
  const killed = await stage.life(
    "kills",
    { deploy: onceEach(), push: onceEach(), sleep: onceEach(), wake: onceEach(), remove: onceEach() },
    undisturbed.ends,
  );
  expect(killed.ends).toEqual(undisturbed.ends);
  expect(stage.kills()).toBeGreaterThanOrEqual(undisturbed.calls.flat().length * 0.8);
}, 900_000);
