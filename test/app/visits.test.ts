import { pino } from "pino";
import { expect, test } from "vitest";
import { createVisits } from "../../src/app-when.ts";
import { fakeClock } from "../support/fake-clock.ts";

test("a visit that cannot be written down, as on a full disk, is served all the same and told in the log", async () => {
  const lines: string[] = [];
  const clock = fakeClock();
  let tries = 0;
  const visited = (): never => {
    tries += 1;
    throw new Error("database or disk is full");
  };
  const visit = createVisits({
    store: { previews: { visited } as never },
    clock,
    log: pino({ level: "warn" }, { write: (line: string) => void lines.push(line) }),
  });
  const look = () => visit({ preview: "7-42" }, { kind: "request", headers: {} });
  look();
  look();
  expect(tries).toBe(1);
  expect(lines).toEqual([expect.stringContaining("database or disk is full")]);
  await clock.advance(60_000);
  look();
  expect(tries).toBe(2);
});
