import { describe, expect, test } from "vitest";
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

describe("where there can be none", () => {
  /** An attempt has failed, what it made is there still, and the database of what serves ended. */
  async function shortOfRoom(pinned: boolean) {
    let refusals = 0;
    const world = createKillWorld({
      room: async (kind) => {
        if (kind === "restart" && refusals++ < 4) throw new EngineError("memory-short", "it needs too much");
        return true;
      },
    });
    world.put({ push: "first" });
    await world.live();
    if (pinned) world.put("pin");
    world.put({ push: "broken" });
    await world.live(({ kind }) => (kind === "fail" ? "after" : null));
    world.put("crash");
    const before = world.rests();
    const { calls } = await world.live();
    return { world, calls, rests: world.rests() - before };
  }

  test("what a failed attempt left goes all the same, and the trouble that was told stays", async () => {
    const { world, calls } = await shortOfRoom(false);
    using _ = world;
    expect(calls.map(({ id }) => id)).toContain("remove:shop-pr-42-ab12-web-g2");
    expect(calls.map(({ id }) => id)).not.toContain("start:db");
    expect(world.summary().engine.filter((each) => each.includes("web g2"))).toEqual([]);
    expect(world.summary().trouble).toEqual(["memory-short"]);
  });

  test("who is pinned is looked after without a visit, and nobody else", async () => {
    const kept = await shortOfRoom(true);
    using _kept = kept.world;
    expect(kept.rests).toBeGreaterThan(0);
    expect(kept.calls.map(({ id }) => id)).toContain("start:db");
    const other = await shortOfRoom(false);
    using _other = other.world;
    expect(other.rests).toBe(0);
  });
});
