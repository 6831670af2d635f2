import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inPeace, isDataCall, liveWithData, shopOfData } from "../support/data-life.ts";
import { type KillStage, onceAt, onceEach, startKillStage } from "../support/kill-stage.ts";
import { tellOnFailure } from "../support/scenario.ts";
import { nightly, people, refreshNightly, shopOfSource } from "../support/source-life.ts";

let stage: KillStage;
beforeAll(async () => {
  stage = await startKillStage({ files: shopOfData(""), isCall: isDataCall, config: { sources: { nightly } } });
});
afterAll(() => stage[Symbol.asyncDispose]());

test("kill -9 at each call of the work on data, one a life, before it and after it, changes nothing about its ends", async () => {
  tellOnFailure(stage);
  const startedAt = performance.now();
  const undisturbed = await liveWithData(stage, { branch: "peace", fates: inPeace });
  const expected = undisturbed.map(({ end }) => end);
  const points = Math.max(...undisturbed.map(({ calls }) => calls.length));
  for (const fate of ["kill before", "kill after"] as const) {
    for (let index = 0; index < points; index++) {
      const at = () => onceAt(index, fate);
      const fates = { build: at(), edit: at(), reset: at(), restore: at(), remove: at() };
      const killed = await liveWithData(stage, { branch: `${fate.replace(" ", "-")}-${index}`, fates, expected });
      const calls = killed.map((each) => each.calls[index]).join(", ");
      expect(
        killed.map(({ end }) => end),
        `${fate} call ${index}: ${calls}`,
      ).toEqual(expected);
    }
  }
  process.stdout.write(
    `${stage.kills()} kills in ${Math.round((performance.now() - startedAt) / 1000)} s; every end was the same\n`,
  );
});

test("kill -9 after every single call of a refresh leaves one whole edition, one new snapshot, and nothing raw", async () => {
  tellOnFailure(stage);
  const known = new Set((await stage.docker.listVolumes()).Volumes.map(({ Name }) => Name));
  writeFileSync(join(stage.folder, "people.sql"), people(100));
  const number = await stage.open({ branch: "source", files: shopOfSource() });
  await stage.seen(`shop-pr-${number}`, ({ phase }) => phase === "ready");
  writeFileSync(join(stage.folder, "people.sql"), people(200));
  const kills = stage.kills();
  const { calls } = await refreshNightly(stage, onceEach(), known);
  expect(stage.kills() - kills).toBeGreaterThanOrEqual(0.8 * new Set(calls).size);
  process.stdout.write(`${stage.kills() - kills} kills in a refresh\n`);
});
