import { pino } from "pino";
import { expect, test } from "vitest";
import { EngineError } from "../../src/domain/errors.ts";
import { limitBuild } from "../../src/engine/build-limits.ts";
import { fakeClock } from "../support/fake-clock.ts";

test("a build ends before it fills the disk also where the engine once did not say how much is free", async () => {
  const clock = fakeClock();
  let asked = 0;
  const shortage = async (what: string) => {
    asked += 1;
    if (asked === 2) throw new EngineError("engine-unreachable", "the engine does not answer");
    return asked === 3 ? new EngineError("disk-full", `0 B are free: ${what}`) : null;
  };
  const disk = { require: async () => undefined, shortage };
  const what = "an image was being built";
  using limits = limitBuild({ timeoutMs: 600_000, disk, what, clock, log: pino({ level: "silent" }) });
  for (let second = 0; second < 3; second++) await clock.advance(1000);
  expect(limits.signal.reason).toMatchObject({ code: "disk-full" });
});
