import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, isDataCall, shopOfData } from "../support/data-life.ts";
import type { EngineCall } from "../support/engine-proxy.ts";
import { type KillStage, onceEach, startKillStage } from "../support/kill-stage.ts";
import { tellOnFailure } from "../support/scenario.ts";
import { nightly, people, refreshNightly, shopOfSource } from "../support/source-life.ts";

let stage: KillStage;
beforeAll(async () => {
  stage = await startKillStage({ files: shopOfData(""), isCall: isDataCall, config: { sources: { nightly } } });
});
afterAll(() => stage[Symbol.asyncDispose]());

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
