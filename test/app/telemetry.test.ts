import { pino } from "pino";
import { expect, test } from "vitest";
import { createTelemetry } from "../../src/app-telemetry.ts";
import { openStore } from "../../src/store/store.ts";
import { fakeClock } from "../support/fake-clock.ts";

test("a deployment that ends because its pull request was closed is counted", async () => {
  const clock = fakeClock();
  using store = openStore(":memory:", clock);
  const { key } = store.previews.ensure({ repositoryId: 7, repository: "acme/shop", number: 42 }, clock.now());
  await using telemetry = createTelemetry({
    config: { notify: [], telemetry: null },
    server: "0123",
    version: "1.2.3",
    store,
    site: { view: () => ({ slug: "shop-pr-42", repository: "acme/shop", number: 42 }) as never, dashboardOrigin: "" },
    data: async () => ({ snapshots: 0, editions: 0, branches: 0, budget: null }),
    standing: () => ({
      previews: {},
      queue: 0,
      builds: { running: 0, waiting: 0 },
      orphans: 0,
      memoryBytes: null,
      diskBytes: null,
      diskReserveBytes: null,
    }),
    mask: (text) => text,
    clock,
    log: pino({ level: "silent" }),
  });
  telemetry.attempts.begin({ preview: key, generation: 1, commit: "abc1234", cause: "opened" });
  telemetry.attempts.retireAll(key);
  telemetry.attempts.retireAll(key);
  const told = (await telemetry.metrics()).split("\n").filter((line) => line.startsWith("mayfly_deployments_total"));
  expect(told).toEqual(['mayfly_deployments_total{outcome="superseded",code=""} 1']);
});
