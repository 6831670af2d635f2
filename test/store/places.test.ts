import { afterEach, beforeEach, expect, test } from "vitest";
import { holdsPlace, type House, whoMayStart } from "../../src/domain/admission.ts";
import { describeFailure, InputError } from "../../src/domain/errors.ts";
import { decidePull } from "../../src/intake/decide.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { pullRequest } from "../support/pull.ts";

const hourMs = 3_600_000;
let at: number;
let store: Store;
beforeEach(() => {
  at = 10 * hourMs;
  store = openStore(":memory:", { now: () => at, sleep: async () => undefined });
});
afterEach(() => store[Symbol.dispose]());

/** Says of a pull request that it is open or closed, now; answers its key. */
function say(repositoryId: number, number: number, open = true): string {
  const repository = `acme/${repositoryId}`;
  const pull = pullRequest({ repositoryId, repository, number, open, headRepositoryId: repositoryId });
  const preview = store.previews.ensure(pull, at);
  const when = { drafts: true, bots: true, label: null, paths: [] };
  const rules = { now: at, ttlMs: null, when, forks: "allow" as const, serving: null, sources: null };
  const decision = decidePull(preview, pull, rules);
  if (decision.kind === "changed") store.wishes.put(decision.preview);
  return preview.key;
}

function end(repositoryId: number, number: number): void {
  const key = say(repositoryId, number, false);
  store.wishes.markGone(key, store.wishes.get(key)!.spec.generation);
}

const house = (max: number): House => ({
  live: store.places.live(),
  lastAdmitted: store.places.lastAdmitted(),
  max,
  maxOf: () => 100,
});
const give = (max: number) => store.places.give(() => whoMayStart(house(max)));
const up = () =>
  store.places
    .live()
    .filter(holdsPlace)
    .map(({ key }) => key);

test("a clock that is set back between the wish and its turn keeps nobody from a place", () => {
  const key = say(1, 1);
  at -= hourMs;
  expect([give(1), up()]).toEqual([[key], [key]]);
  expect(give(1)).toEqual([]);
});

test("a clock that is set back gives nobody who comes back a place that is taken", () => {
  const [back, other] = [say(1, 1), say(1, 2)];
  give(1);
  end(1, 1);
  expect([give(1), up()]).toEqual([[other], [other]]);
  at -= hourMs;
  say(1, 1);
  expect([give(1), up()]).toEqual([[], [other]]);
  expect(store.wishes.get(back)?.spec.wanted).toBe("running");
});

test("a clock that is set back makes no repository wait for the other's whole line", () => {
  say(1, 1);
  give(1);
  at -= hourMs;
  for (const [repositoryId, number] of [
    [1, 2],
    [1, 3],
    [2, 1],
    [2, 2],
  ] as const)
    say(repositoryId, number);
  const order: string[] = [];
  for (let [key] = up(); key !== undefined; [key] = up()) {
    order.push(key);
    const [repositoryId = 0, number = 0] = key.split("-").map(Number);
    end(repositoryId, number);
    give(1);
  }
  expect(order).toEqual(["1-1", "2-1", "1-2", "2-2", "1-3"]);
});

test("what failed with nothing up gives its place back, and asks for one again with the next push", () => {
  const [broken, other] = [say(1, 1), say(1, 2)];
  give(1);
  const { generation, commit } = store.wishes.get(broken)!.spec;
  store.attempts.begin({ preview: broken, generation, commit: commit!, cause: "opened" });
  expect([give(1), up()]).toEqual([[], [broken]]);
  at += 1000;
  const failure = describeFailure(new InputError("invalid-value", "a typo"));
  store.attempts.fail(broken, generation, failure);
  expect(up()).toEqual([]);
  expect([give(1), up()]).toEqual([[other], [other]]);
  at += 1000;
  const preview = store.wishes.get(broken)!;
  store.wishes.put({ ...preview, spec: { ...preview.spec, generation: generation + 1 } });
  expect([give(1), up()]).toEqual([[], [other]]);
  end(1, 2);
  expect([give(1), up()]).toEqual([[broken], [broken]]);
});

test("those that go are not to run, whatever is left of them", () => {
  expect(store.wishes.isAnyToRun()).toBe(false);
  say(1, 1);
  say(2, 1);
  say(1, 1, false);
  expect(store.wishes.isAnyToRun()).toBe(true);
  say(2, 1, false);
  expect(store.wishes.isAnyToRun()).toBe(false);
});
