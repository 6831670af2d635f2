import { expect, test } from "vitest";
import { EngineError } from "../../src/domain/errors.ts";
import { createKillWorld, type Kill } from "./kill-world.ts";

/** Writes at each call of a kind, and then fails it where it is told to. */
const writing =
  (world: { write(): void }, at: string, fails = false): Kill =>
  ({ kind }) => {
    if (kind !== at) return null;
    world.write();
    if (fails) throw new EngineError("engine-refused", "the build failed");
    return null;
  };

test("what people write while a push is built is theirs", async () => {
  using world = createKillWorld();
  world.put({ push: "branched" });
  await world.live();
  world.put({ push: "rebranched" });
  await world.live(writing(world, "build"));
  expect(world.written()).toBe(true);
});

test.each([
  ["stays, whatever the push edits", true, []],
  ["is replaced as ever where nobody wrote", false, ["pgdata by g2"]],
])("and %s", async (_what, isWritten, replaced) => {
  using world = createKillWorld();
  world.put({ push: "branched" });
  await world.live();
  world.editMigration();
  world.put({ push: "rebranched" });
  await world.live(isWritten ? writing(world, "build") : undefined);
  const { deployments, replaced: told } = world.summary();
  expect(deployments.map((each) => each.split(" ")[1])).toEqual(["ready", "ready"]);
  expect(told).toEqual(replaced);
});

test("what a reset replaces is replaced, whatever is written until then", async () => {
  using world = createKillWorld();
  world.put({ push: "branched" });
  await world.live();
  world.editMigration();
  world.put({ push: "rebranched" });
  world.put({ say: "reset" });
  await world.live(writing(world, "build"));
  expect(world.summary().replaced).toEqual(["pgdata by g3"]);
});

test("so is what they write while a push is built that fails in its build", async () => {
  using world = createKillWorld();
  world.put({ push: "branched" });
  await world.live();
  world.put({ push: "rebranched" });
  await world.live(writing(world, "build", true));
  world.put({ push: "rebranched" });
  await world.live();
  expect(world.written()).toBe(true);
});

test("so is what they write before the engine ends, who pushes before anybody visits", async () => {
  using world = createKillWorld();
  world.put({ push: "branched" });
  await world.live();
  world.write();
  world.put("reboot");
  await world.live();
  world.put({ push: "rebranched" });
  await world.live();
  expect(world.written()).toBe(true);
});

test("where somebody visits first, the data is asked", async () => {
  using world = createKillWorld();
  world.put({ push: "branched" });
  await world.live();
  world.put("reboot");
  await world.live();
  world.put("visit");
  await world.live();
  world.put({ push: "rebranched" });
  await world.live();
  expect(world.written()).toBe(false);
});

test("what a deployment writes while it starts is not, whether it gets ready or fails", async () => {
  using world = createKillWorld();
  for (const push of ["branched", "broken", "rebranched"] as const) {
    world.put({ push });
    await world.live(writing(world, "start"));
  }
  expect(world.summary().deployments.map((each) => each.split(" ")[1])).toEqual(["ready", "failed", "ready"]);
  expect(world.written()).toBe(false);
});
