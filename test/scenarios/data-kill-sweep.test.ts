import { afterAll, beforeAll, expect, test } from "vitest";
import { inPeace, isDataCall, liveWithData, shopOfData } from "../support/data-life.ts";
import type { EngineCall } from "../support/engine-proxy.ts";
import { type KillStage, onceEach, startKillStage } from "../support/kill-stage.ts";
import { tellOnFailure } from "../support/scenario.ts";

let stage: KillStage;
beforeAll(async () => {
  stage = await startKillStage({ files: shopOfData(""), isCall: isDataCall });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** What becomes of all else is seen in the other sweep; what tidies a loaded database up decides nothing. */
const isOfData = (call: EngineCall) =>
  /mayfly-snapshot|pgdata|-db\b/.test(call) && !/psql --command=(CHECKPOINT|SELECT)/.test(call);

/** What a database is asked before its successor starts, and after that, are two calls. */
function eachOfData(seen: readonly EngineCall[] = []) {
  const fateOf = onceEach(new Set(seen));
  let isStarted = false;
  return (call: EngineCall) => {
    isStarted ||= call.endsWith("-db/start");
    if (!isOfData(call)) return "pass";
    return fateOf(isStarted && call.startsWith("EXEC") ? `${call} afterwards` : call);
  };
}

test("kill -9 after every single call of building and branching a snapshot, an edited seed, /reset and /restore changes nothing about the data", async () => {
  tellOnFailure(stage);
  const undisturbed = await liveWithData(stage, { branch: "peace", fates: inPeace });
  expect(stage.kills()).toBe(0);
  const ends = undisturbed.map(({ end }) => end);
  expect(ends.map(({ guests }) => guests)).toEqual(["ada", "bob", "bob", "bob reviewer", ""]);
  expect(ends.map(({ replaced }) => replaced.length)).toEqual([0, 1, 2, 2, 0]);
  // How a snapshot is built is seen once.
  const building = undisturbed[0]!.calls.filter((call) => call.includes("mayfly-snapshot"));
  const killed = await liveWithData(stage, {
    branch: "kills",
    fates: {
      build: eachOfData(),
      edit: eachOfData(building),
      reset: eachOfData(),
      restore: eachOfData(),
      // Seen in the other sweep.
      remove: inPeace.remove,
    },
    expected: ends,
  });
  expect(killed.map(({ end }) => end)).toEqual(ends);
  const calls = undisturbed.slice(0, -1).map((each) => new Set(each.calls.filter(isOfData)).size);
  expect(stage.kills()).toBeGreaterThanOrEqual(calls.reduce((sum, each) => sum + each, 0) - building.length);
}, 900_000);
