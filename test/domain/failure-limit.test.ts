import { expect, test } from "vitest";
import { createFailureLimit, networkOf } from "../../src/domain/failure-limit.ts";
import { fakeClock } from "../support/fake-clock.ts";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:0:7:1:2:3:4", "2001:db8:0:7"],
  ["2001:db8::7", "2001:db8:0:0"],
  ["2001:0DB8:0000:0007::1", "2001:db8:0:7"],
  ["::1", "0:0:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["", ""],
])("%s counts as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test("an address is not listened to after so many failures, until the minute is over; others are", async () => {
  const clock = fakeClock();
  const limit = createFailureLimit(clock, { allowed: 3 });
  expect([1, 2, 3].map(() => limit.count("192.0.2.7"))).toEqual([1, 2, 3]);
  expect([limit.isOver("192.0.2.7"), limit.isOver("192.0.2.8")]).toEqual([true, false]);
  await clock.advance(59_000);
  expect([limit.isOver("192.0.2.7"), limit.secondsLeft()]).toEqual([true, 1]);
  await clock.advance(1_000);
  expect(limit.isOver("192.0.2.7")).toBe(false);
});

test("whole networks of IPv6 count as one", () => {
  const limit = createFailureLimit(fakeClock(), { allowed: 2 });
  limit.count("2001:db8::1");
  limit.count("2001:db8::2");
  expect(limit.isOver("2001:db8::3")).toBe(true);
});

test("memory is bounded: beyond ten thousand places a minute, the rest is one place", () => {
  const limit = createFailureLimit(fakeClock(), { allowed: 2 });
  for (let index = 0; index < 10_000; index += 1) limit.count(`10.0.${index >> 8}.${index & 255}`);
  limit.count("192.0.2.7");
  limit.count("192.0.2.8");
  expect([limit.isOver("192.0.2.9"), limit.isOver("10.0.0.1")]).toEqual([true, false]);
});
