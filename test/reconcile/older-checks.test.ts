import { expect, test } from "vitest";
import { createKillWorld, type Kill } from "./kill-world.ts";

const load = "remove:shop-pr-42-ab12.check-e2e-g1";
/** The version with the load test serves, and nobody has seen it end. */
const served: Kill = ({ kind }) => (kind === "drain" || kind === "swap" ? "after" : null);

async function pushWhileChecked(kill?: Kill) {
  const world = createKillWorld({ endless: true });
  world.put({ push: "checked" });
  await world.live(served);
  expect(world.summary().checks).toContain("g1 e2e running");
  world.put({ push: "second" });
  const first = await world.live(kill);
  const rest = first.killed ? await world.live() : { calls: [] };
  return { world, calls: [...first.calls, ...rest.calls] };
}

test("a load test of the version before ends before the next one is built", async () => {
  const { world, calls } = await pushWhileChecked();
  using _ = world;
  const at = (isIt: (call: (typeof calls)[number]) => boolean) => calls.findIndex(isIt);
  expect(at(({ kind }) => kind === "build")).toBeGreaterThan(0);
  expect(at(({ id }) => id === load)).toBeGreaterThanOrEqual(0);
  expect(at(({ id }) => id === load)).toBeLessThan(at(({ kind }) => kind === "build"));
  expect(world.summary().checks).toContain("g1 e2e stopped");
});

test.each(["before", "halfway", "after"] as const)(
  "it ends also where Mayfly is killed %s its removal",
  async (moment) => {
    const { world, calls } = await pushWhileChecked(({ id }) => (id === load ? moment : null));
    using _ = world;
    const ends = calls.map(({ id }) => id);
    expect(ends.lastIndexOf(load)).toBeLessThan(calls.findIndex(({ kind }) => kind === "build"));
    expect(world.summary().checks).toContain("g1 e2e stopped");
    expect(world.summary().engine.filter((each) => each.includes("check.e2e"))).toEqual([]);
  },
);
