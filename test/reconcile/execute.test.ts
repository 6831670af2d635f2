import { expect, test } from "vitest";
import type { Plan, Step } from "../../src/plan/step.ts";
import { executePlan } from "../../src/reconcile/execute.ts";

const step = (id: string, ...after: string[]): Step => ({ id, cause: "", after, kind: "remove-volume", name: id });
const plan = (...steps: Step[]): Plan => ({ steps, kept: [] });
const never = new AbortController().signal;

test("each step runs once what it waits for is done, side by side where nothing is waited for", async () => {
  const log: string[] = [];
  await executePlan(plan(step("c", "a", "b"), step("a"), step("b")), {
    signal: never,
    run: async ({ id }) => {
      log.push(`${id} starts`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${id} ends`);
    },
  });
  expect(log).toEqual(["a starts", "b starts", "a ends", "b ends", "c starts", "c ends"]);
});

test("the first failure starts nothing more, aborts the others, and waits for them to end", async () => {
  const log: string[] = [];
  const run = executePlan(plan(step("bad"), step("slow"), step("later", "bad")), {
    signal: never,
    run: async ({ id }, signal) => {
      if (id === "bad") throw new Error("bad failed");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => setImmediate(resolve)));
      log.push(`${id} ended`);
    },
    onEnd: ({ id }, outcome) => log.push(`${id} ${outcome}`),
  });
  await expect(run).rejects.toThrow("bad failed");
  expect(log).toEqual(["bad failed", "slow ended", "slow done"]);
});

test("an abort from outside is awaited and thrown, whatever the steps did", async () => {
  const control = new AbortController();
  const ended: string[] = [];
  const run = executePlan(plan(step("a"), step("b", "a")), {
    signal: control.signal,
    run: async ({ id }) => {
      control.abort(new Error("a newer wish"));
      ended.push(id);
    },
  });
  await expect(run).rejects.toThrow("a newer wish");
  expect(ended).toEqual(["a"]);
});

test("a plan that waits for itself is our mistake, and said", async () => {
  await expect(
    executePlan(plan(step("a", "b"), step("b", "a")), { signal: never, run: async () => {} }),
  ).rejects.toThrow("waits for itself: a, b");
});

test.each(["onStart", "onEnd"] as const)(
  "a failing %s (the store's disk is full) fails the plan, and what runs is awaited",
  async (told) => {
    const ended: string[] = [];
    const run = executePlan(plan(step("slow"), step("told"), step("later", "told")), {
      signal: never,
      run: async ({ id }, signal) => {
        if (id === "slow")
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => setImmediate(resolve)));
        ended.push(id);
      },
      [told]: ({ id }: Step) => {
        if (id === "told") throw new Error("no room to write it down");
      },
    });
    await expect(run).rejects.toThrow("no room to write it down");
    expect(ended).toContain("slow");
    expect(ended).not.toContain("later");
  },
);
