import { pino } from "pino";
import { expect, test } from "vitest";
import { EngineError } from "../../src/domain/errors.ts";
import { sweep } from "../../src/reconcile/sweep.ts";
import type { World } from "../../src/reconcile/world.ts";
import { fakeClock } from "../support/fake-clock.ts";

test("an orphan that cannot be removed now keeps no other from being removed", async () => {
  const removed: string[] = [];
  const lines: string[] = [];
  const world = {
    clock: fakeClock(10_000_000),
    log: pino({ level: "warn" }, { write: (line: string) => void lines.push(line) }),
    changed: () => undefined,
    wishes: { isAnyToRun: () => false },
    engine: {
      leaveHome: async () => void removed.push("home"),
      observe: async (key: string) => ({
        containers: [],
        networks: [],
        volumes: [{ name: `data-of-${key}`, volume: "data", dataKey: "", createdAt: 0 }],
      }),
      run: async (step: { name: string }) => {
        if (step.name === "data-of-7-1") throw new EngineError("engine-refused", "it is still used by backup");
        removed.push(step.name);
      },
    },
  } as unknown as World;
  const owned = ["7-1", "7-2"];
  const { signal } = new AbortController();
  expect(await sweep({ owned, isLive: () => false, readWhole: new Set([7]) }, world, signal)).toBe(2);
  expect(removed).toEqual(["data-of-7-2"]);
  expect(lines.join("")).toContain("it is still used by backup");
  await sweep({ owned: [], isLive: () => false, readWhole: new Set([7]) }, world, signal);
  expect(removed).toEqual(["data-of-7-2", "home"]);
});
