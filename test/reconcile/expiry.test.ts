import { expect, test } from "vitest";
import type { Preview } from "../../src/domain/preview.ts";
import { createExpiry } from "../../src/reconcile/expiry.ts";
import { fakeClock } from "../support/fake-clock.ts";

test("who is due is woken until it is gone, who is nearly due is told once, and once more when that is over", async () => {
  const clock = fakeClock();
  const preview = { key: "7-42" } as Preview;
  let state: "far" | "near" | "over" | "gone" | "unreadable" = "far";
  const heard: string[] = [];
  await using _expiry = createExpiry({
    live() {
      if (state === "unreadable") throw new Error("disk I/O error");
      return state === "gone" ? [] : [preview];
    },
    isExpired: () => state === "over",
    isNearItsEnd: () => state === "near" || state === "over",
    wake: (key) => heard.push(`wake ${key}`),
    tell: (key) => heard.push(`tell ${key}`),
    clock,
    log: { error: (..._said: unknown[]) => void heard.push("logged") },
    everyMs: 1000,
  });
  const after = async (next: typeof state) => {
    state = next;
    heard.length = 0;
    await clock.advance(1000);
    return [...heard];
  };
  expect(await after("far")).toEqual([]);
  expect(await after("near")).toEqual(["tell 7-42"]);
  expect(await after("near")).toEqual([]);
  expect(await after("far")).toEqual(["tell 7-42"]);
  expect(await after("over")).toEqual(["wake 7-42", "tell 7-42"]);
  expect(await after("over")).toEqual(["wake 7-42"]);
  expect(await after("unreadable")).toEqual(["logged"]);
  expect(await after("gone")).toEqual(["tell 7-42"]);
});
