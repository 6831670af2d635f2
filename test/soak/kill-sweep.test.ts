import { afterAll, beforeAll, expect, test } from "vitest";
import { live, shopWithData } from "../support/kill-life.ts";
import { type KillStage, onceAt, startKillStage } from "../support/kill-stage.ts";
import { tellOnFailure } from "../support/scenario.ts";

let stage: KillStage;
beforeAll(async () => {
  stage = await startKillStage({ files: shopWithData("first") });
});
afterAll(() => stage[Symbol.asyncDispose]());

test("kill -9 at each call of a deployment, a push, falling asleep, waking and a removal, one a life, before it and after it, changes nothing about their ends", async () => {
  tellOnFailure(stage);
  const startedAt = performance.now();
  const pass = () => "pass" as const;
  const inPeace = { deploy: pass, push: pass, sleep: pass, wake: pass, remove: pass };
  // The first of a seed builds its snapshot; the others branch from it.
  await live(stage, { branch: "first", fates: inPeace });
  const undisturbed = await live(stage, { branch: "peace", fates: inPeace });
  const expected = undisturbed.map(({ end }) => end);
  const points = Math.max(...undisturbed.map(({ calls }) => calls.length));
  for (const fate of ["kill before", "kill after"] as const) {
    for (let index = 0; index < points; index++) {
      const at = () => onceAt(index, fate);
      const fates = { deploy: at(), push: at(), sleep: at(), wake: at(), remove: at() };
      const killed = await live(stage, { branch: `${fate.replace(" ", "-")}-${index}`, fates, expected });
      const calls = killed.map((each) => each.calls[index]).join(", ");
      expect(
        killed.map(({ end }) => end),
        `${fate} call ${index}: ${calls}`,
      ).toEqual(expected);
    }
  }
  expect(stage.kills()).toBe(2 * undisturbed.flatMap(({ calls }) => calls).length);
  process.stdout.write(
    `${stage.kills()} kills in ${Math.round((performance.now() - startedAt) / 1000)} s; every end was the same\n`,
  );
});
