import { expect, test } from "vitest";
import { EngineError } from "../../src/domain/errors.ts";
import { createKillWorld } from "./kill-world.ts";

test("what ended of what serves is started again once there is room for it", async () => {
  const asked: string[] = [];
  using world = createKillWorld({
    room: async (kind) => {
      asked.push(kind);
      return kind !== "restart" || asked.filter((each) => each === kind).length > 3;
    },
  });
  world.put({ push: "first" });
  await world.live();
  world.put("crash");
  const { calls } = await world.live();
  expect(asked).toEqual(["deployment", "restart", "restart", "restart", "restart"]);
  expect(calls.filter(({ kind }) => kind === "start")).toEqual([{ kind: "start", id: "start:db" }]);
});

test("where there can be none, nothing is started, and why is told", async () => {
  using world = createKillWorld({
    room: async (kind) => {
      if (kind === "restart") throw new EngineError("memory-short", "it needs too much");
      return true;
    },
  });
  world.put({ push: "first" });
  await world.live();
  world.put("crash");
  const { calls } = await world.live();
  expect(calls.map(({ kind }) => kind)).toContain("trouble");
  expect(calls.filter(({ kind }) => kind === "start")).toEqual([]);
});
