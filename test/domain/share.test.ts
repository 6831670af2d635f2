import { expect, test } from "vitest";
import { accessOf } from "../../src/domain/access.ts";
import { readShare } from "../../src/domain/share.ts";

test.each([
  [null, { kind: "link", forMs: 7 * 86_400_000 }],
  ["7d", { kind: "link", forMs: 7 * 86_400_000 }],
  ["90m", { kind: "link", forMs: 90 * 60_000 }],
  ["90d", { kind: "link", forMs: 90 * 86_400_000 }],
  ["off", { kind: "off" }],
  ["OFF", { kind: "off" }],
  ["91d", { kind: "unclear", why: "a link may last from 1m to 90d" }],
  ["0s", { kind: "unclear", why: "a link may last from 1m to 90d" }],
  ["forever", { kind: "unclear", why: expect.stringContaining("`/share 7d`") }],
  ["-7d", { kind: "unclear", why: expect.stringContaining("`/share off`") }],
])("/share %s", (argument, share) => {
  expect(readShare(argument)).toEqual(share);
});

test.each([
  [null, true, "link"],
  [null, false, "public"],
  ["public", true, "public"],
  ["link", false, "link"],
  ["sign-in", false, "sign-in"],
] as const)("access: %s, of a repository that is private: %s, means %s", (chosen, isPrivate, access) => {
  expect(accessOf(chosen, isPrivate)).toBe(access);
});
