import { pino } from "pino";
import { expect, test } from "vitest";
import { maskedStore } from "../../src/app-masks.ts";
import { createTelemetry } from "../../src/app-telemetry.ts";
import { openStore } from "../../src/store/store.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { startReceiver } from "../telemetry/receiver.ts";

test("a secret in what a step says of its failure is not told to the collector either", async () => {
  const clock = fakeClock();
  await using collector = await startReceiver();
  using plain = openStore(":memory:", clock);
  const { key } = plain.previews.ensure({ repositoryId: 7, repository: "acme/shop", number: 42 }, 0);
  const store = maskedStore(plain, { of: (text) => text.replaceAll("hunter2", "***") });
  const moment = { preview: key, generation: 1, name: "seed db" };
  {
    await using telemetry = createTelemetry({
      config: { notify: [], telemetry: { endpoint: collector.url } },
      server: "s1",
      version: "1",
      store,
      site: { view: () => expect.unreachable(), dashboardOrigin: "" },
      standing: () => expect.unreachable(),
      mask: (text) => text,
      clock,
      log: pino({ level: "silent" }),
    });
    telemetry.timeline.begin(moment);
    telemetry.timeline.end({ ...moment, outcome: "failed", detail: "psql: wrong password hunter2" });
  }
  const told = JSON.stringify(collector.received);
  expect(told).toContain("psql: wrong password ***");
  expect(told).not.toContain("hunter2");
});
