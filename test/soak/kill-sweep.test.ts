import { afterAll, beforeAll, expect, test } from "vitest";
import type { EngineCall, Fate } from "../support/engine-proxy.ts";
import { type KillStage, startKillStage } from "../support/kill-stage.ts";
import { tellOnFailure } from "../support/scenario.ts";

let stage: KillStage;
beforeAll(async () => {
  stage = await startKillStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Kills at the call of this number alone. */
function onceAt(index: number, fate: Fate): (call: EngineCall) => Fate {
  let at = 0;
  return () => (at++ === index ? fate : "pass");
}

test("kill -9 at each call of a deployment, a push, falling asleep, waking and a removal, one a life, before it and after it, changes nothing about their ends", async () => {
  tellOnFailure(stage);
  const startedAt = performance.now();
  const pass = () => "pass" as const;
  // The first of a seed builds its snapshot; the others branch from it.
  await stage.life("first", { deploy: pass, push: pass, sleep: pass, wake: pass, remove: pass });
  const undisturbed = await stage.life("peace", { deploy: pass, push: pass, sleep: pass, wake: pass, remove: pass });
  const points = Math.max(...undisturbed.calls.map((each) => each.length));
  for (const fate of ["kill before", "kill after"] as const) {
    for (let index = 0; index < points; index++) {
      const killed = await stage.life(
        `${fate.replace(" ", "-")}-${index}`,
        {
          deploy: onceAt(index, fate),
          push: onceAt(index, fate),
          sleep: onceAt(index, fate),
          wake: onceAt(index, fate),
          remove: onceAt(index, fate),
        },
        undisturbed.ends,
      );
      expect(killed.ends, `${fate} call ${index}: ${killed.calls.map((each) => each[index]).join(", ")}`).toEqual(
        undisturbed.ends,
      );
    }
  }
  expect(stage.kills()).toBe(2 * undisturbed.calls.flat().length);
  process.stdout.write(
    `${stage.kills()} kills in ${Math.round((performance.now() - startedAt) / 1000)} s; every end was the same\n`,
  );
});
