import { defineConfig } from "vitest/config";

// Three projects by what they need: nothing, a Docker engine, or the whole server with a browser; of the last the longest
// files are one of their own, so that they begin first (projects of a group go by their names).
const rooms = [
  "app",
  "domain",
  "config",
  "secrets",
  "intake",
  "store",
  "source",
  "render",
  "plan",
  "diagnose",
  "gateway",
  "reconcile",
  "feedback",
  "telemetry",
  "api",
  "cli",
  "doctor",
  "demo",
];

const long = ["test/scenarios/*kill-sweep.test.ts", "test/scenarios/engine-down.test.ts"];
const scenario = {
  testTimeout: 300_000,
  hookTimeout: 180_000,
  // They wait more than they work: two side by side take little more than half the time.
  maxWorkers: 2,
  sequence: { groupOrder: 2 },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [...rooms.map((room) => `test/${room}/**/*.test.ts`), "test/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "docker",
          include: ["test/engine/**/*.test.ts", "test/data/**/*.test.ts", "test/scripts/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { ...scenario, name: "long", include: long } },
      { test: { ...scenario, name: "scenario", include: ["test/scenarios/**/*.test.ts"], exclude: long } },
    ],
  },
});
