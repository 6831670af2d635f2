import { expect, test } from "vitest";
import { pino } from "pino";
import { watchRetired } from "../../src/app-when.ts";
import { retiredMs } from "../../src/domain/data.ts";
import { openStore } from "../../src/store/store.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { shop } from "../support/stack.ts";

const key = "7-42";
const replaced = (name: string, replacedBy: number) => {
  const made = { volume: "pgdata", service: "db", image: "postgres:17", edition: null, cause: "`/reset`" };
  return { name, ...made, replacedBy };
};

test("replaced data is kept for a day, three times at most, and comes off the list when it serves again", async () => {
  const clock = fakeClock();
  using store = openStore(":memory:", clock);
  store.previews.ensure({ repositoryId: 7, repository: "acme/shop", number: 42 }, clock.now());
  const swap = (generation: number, serving: string, old: string | null) => {
    store.attempts.begin({ preview: key, generation, commit: "c", cause: "push" });
    const stack = { ...shop(generation), resolved: { images: {}, volumes: { pgdata: serving } } };
    store.volumes.complete(key, serving, { seed: "s", branch: null });
    expect(store.attempts.commit(key, stack, old === null ? [] : [replaced(old, generation)])).toBe(true);
  };
  const kept = () => store.volumes.retiredOf(key).map(({ name }) => name);
  const looked: string[] = [];
  await using _watch = watchRetired({
    store,
    look: (each) => looked.push(each),
    clock,
    log: pino({ level: "silent" }),
  });

  swap(1, "a", null);
  swap(2, "b", "a");
  expect(kept()).toEqual(["a"]);
  await clock.advance(retiredMs / 2);
  swap(3, "a", "b");
  expect(kept(), "what serves is not kept for a while, but for good").toEqual(["b"]);
  expect(store.volumes.factsOf(key)["a"]?.written, "who restores it wants it").toBe(true);
  expect(store.volumes.factsOf(key)["b"]?.written).toBe(false);
  for (const [generation, serving, old] of [
    [4, "c", "a"],
    [5, "d", "c"],
    [6, "e", "d"],
  ] as const)
    swap(generation, serving, old);
  expect(kept(), "the oldest goes first").toEqual(["d", "c", "a"]);
  await clock.advance(retiredMs - 60_000);
  expect([kept().length, looked]).toEqual([3, []]);
  await clock.advance(60_000);
  expect([kept(), looked]).toEqual([[], [key]]);
});
