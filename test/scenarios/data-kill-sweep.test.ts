import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, inPeace, isDataCall, liveWithData, shopOfData } from "../support/data-life.ts";
import type { EngineCall } from "../support/engine-proxy.ts";
import { type KillStage, onceEach, startKillStage } from "../support/kill-stage.ts";
import { tellOnFailure } from "../support/scenario.ts";
import { nightly, people, refreshNightly, shopOfSource } from "../support/source-life.ts";

let stage: KillStage;
beforeAll(async () => {
  stage = await startKillStage({ files: shopOfData(""), isCall: isDataCall, config: { sources: { nightly } } });
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
      remove: eachOfData(),
    },
    expected: ends,
  });
  expect(killed.map(({ end }) => end)).toEqual(ends);
  const calls = undisturbed.map((each) => new Set(each.calls.filter(isOfData)).size);
  expect(stage.kills()).toBeGreaterThanOrEqual(calls.reduce((sum, each) => sum + each, 0) - building.length);
}, 900_000);

test("kill -9 while a source is refreshed: its edition and its snapshot are whole, and a preview keeps its branch", async () => {
  tellOnFailure(stage);
  const write = (many: number) => writeFileSync(join(stage.folder, "people.sql"), people(many));
  const count = (number: number) => ask(stage, number, "SELECT count(*) FROM users");
  const opened = async (branch: string) => {
    const number = await stage.open({ branch, files: { ...shopOfSource(), "readme.md": branch } });
    await stage.seen(`shop-pr-${number}`, ({ phase, newest }) => phase === "ready" && newest?.phase === "ready");
    return number;
  };
  const known = new Set((await stage.docker.listVolumes()).Volumes.map(({ Name }) => Name));
  write(100);
  const before = await opened("before");
  expect(await count(before)).toBe("100");
  write(200);
  const fateOf = onceEach();
  const kills = stage.kills();
  const isMeant = (call: EngineCall) =>
    /pg_dump|snapshot.* psql --file|\.builder\/stop|DELETE \/volumes\/mayfly-source-[^.]+$/.test(call);
  await refreshNightly(stage, (call) => (isMeant(call) ? fateOf(call) : "pass"), known);
  expect(stage.kills() - kills).toBeGreaterThanOrEqual(4);
  expect(await count(await opened("after"))).toBe("200");
  expect(await count(before)).toBe("100");
}, 900_000);
