import { expect, test } from "vitest";
import type { ObservedContainer } from "../../src/domain/stack-state.ts";
import { crashOf } from "../../src/reconcile/crashes.ts";
import { running, shop } from "../support/stack.ts";

const now = 1_700_000_000_000;

/** What is said when `web` stands so; `db` runs. */
function told(web: Partial<ObservedContainer>): string | null {
  const stack = shop(1);
  const state = running(stack, { name: "pgdata_1", dataKey: "k" });
  const containers = state.containers.map((each) => (each.service === "web" ? { ...each, ...web } : each));
  const crash = crashOf(stack, { ...state, containers }, now);
  return crash === null || crash === "unsteady" ? crash : crash.message;
}

test.each<[string, Partial<ObservedContainer>, string | null]>([
  ["runs", {}, null],
  ["is started again for the first time", { state: "restarting", exitCode: 1, restartCount: 1 }, null],
  ["is started again and again", { state: "restarting", exitCode: 1, restartCount: 3 }, "web keeps ending with code 1"],
  ["runs for the moment", { restartCount: 4, startedAt: now - 5000 }, "unsteady"],
  ["runs again for a while", { restartCount: 4, startedAt: now - 60_000 }, null],
  ["ended and stays so", { state: "exited", exitCode: 1, ranMs: 800 }, "web ended with code 1 after 0.8 s"],
  ["ran out of memory", { state: "exited", exitCode: 137, oomKilled: true }, "web ran out of memory"],
  ["ended well", { state: "exited", exitCode: 0 }, null],
])("a service that serves and %s", (_case, web, words) => {
  expect(told(web)).toBe(words);
});
