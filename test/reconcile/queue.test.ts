import { expect, test } from "vitest";
import { createQueue, type RunResult } from "../../src/reconcile/queue.ts";
import { fakeClock } from "../support/fake-clock.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A queue whose runs end when the test says so. */
function manual(parallel = 2) {
  const clock = fakeClock();
  const runs: { key: string; signal: AbortSignal; end: (result: RunResult) => void; fail: (error: Error) => void }[] =
    [];
  const errors: unknown[] = [];
  const queue = createQueue({
    clock,
    parallel,
    onError: (_key, error) => errors.push(error),
    run: (key, signal) => new Promise((end, fail) => runs.push({ key, signal, end, fail })),
  });
  return { clock, runs, errors, queue };
}

test("any number of hints while a key waits make one run", () => {
  const { queue, runs } = manual(1);
  queue.add("a");
  for (let i = 0; i < 100; i++) queue.add("b");
  expect(runs.map((run) => run.key)).toEqual(["a"]);
  expect(queue.size()).toBe(2);
});

test("a hint during a run makes exactly one more run, after it", async () => {
  const { queue, runs } = manual();
  queue.add("a");
  queue.add("a");
  queue.add("a");
  expect(runs).toHaveLength(1);
  runs[0]!.end({ kind: "done" });
  await turn();
  expect(runs).toHaveLength(2);
  runs[1]!.end({ kind: "done" });
  await turn();
  expect(runs).toHaveLength(2);
  expect(queue.size()).toBe(0);
});

test("a key never runs twice at once, and no more keys than allowed", async () => {
  const { queue, runs } = manual(2);
  for (const key of ["a", "b", "c", "a"]) queue.add(key);
  expect(runs.map((run) => run.key)).toEqual(["a", "b"]);
  runs[1]!.end({ kind: "done" });
  await turn();
  expect(runs.map((run) => run.key)).toEqual(["a", "b", "c"]);
});

test("failures wait longer each time, and a new hint does not wait", async () => {
  const { queue, runs, clock, errors } = manual();
  queue.add("a");
  runs[0]!.fail(new Error("broken"));
  await turn();
  await clock.advance(999);
  expect(runs).toHaveLength(1);
  await clock.advance(1);
  expect(runs).toHaveLength(2);
  runs[1]!.end({ kind: "backoff" });
  await turn();
  await clock.advance(1000);
  expect(runs).toHaveLength(2);
  queue.add("a");
  expect(runs).toHaveLength(3);
  expect(errors).toHaveLength(1);
  runs[2]!.end({ kind: "backoff", atLeastMs: 60_000 });
  await turn();
  await clock.advance(59_999);
  expect(runs).toHaveLength(3);
  await clock.advance(1);
  expect(runs).toHaveLength(4);
});

test("a hint does not cut a back-off short, whether it comes during the run that fails or after it", async () => {
  const { queue, runs, clock } = manual();
  queue.hint("a");
  queue.hint("a");
  runs[0]!.end({ kind: "backoff" });
  await turn();
  queue.hint("a");
  await turn();
  expect(runs).toHaveLength(1);
  await clock.advance(1000);
  expect(runs).toHaveLength(2);
  queue.hint("a");
  runs[1]!.end({ kind: "done" });
  await turn();
  expect(runs).toHaveLength(3);
});

test("a key that rests between its runs makes one run of all that happens meanwhile", async () => {
  const clock = fakeClock();
  const runs: string[] = [];
  const queue = createQueue({
    clock,
    parallel: 1,
    restMs: 1000,
    onError: () => undefined,
    run: async (key) => (runs.push(key), { kind: "done" }),
  });
  queue.hint("a");
  queue.hint("a");
  await turn();
  for (let i = 0; i < 10; i++) queue.hint("a");
  expect(runs).toEqual(["a"]);
  await clock.advance(999);
  expect(runs).toEqual(["a"]);
  await clock.advance(1);
  expect(runs).toEqual(["a", "a"]);
  queue.add("a");
  expect(runs).toEqual(["a", "a", "a"]);
  await turn();
  await clock.advance(5000);
  expect(runs).toEqual(["a", "a", "a"]);
});

test("an aborted run is awaited, told to nobody as an error, and makes room", async () => {
  const { queue, runs, errors } = manual();
  queue.add("a");
  queue.abort("a", "a newer wish");
  queue.add("a");
  expect(runs[0]!.signal.aborted).toBe(true);
  expect(runs).toHaveLength(1);
  runs[0]!.fail(new Error("ended by the abort"));
  await turn();
  expect(runs).toHaveLength(2);
  expect(errors).toEqual([]);
});

test("closing aborts what runs, waits for it, and starts nothing more", async () => {
  const { queue, runs } = manual(1);
  queue.add("a");
  queue.add("b");
  const closed = queue[Symbol.asyncDispose]();
  expect(runs[0]!.signal.aborted).toBe(true);
  runs[0]!.end({ kind: "done" });
  await closed;
  queue.add("c");
  expect(runs).toHaveLength(1);
});
