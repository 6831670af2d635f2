import { expect, test } from "vitest";
import { nearest } from "../../src/domain/verbs.ts";

test.each([
  ["rout", "route"],
  ["Rotue", "route"],
  ["x", undefined],
  ["r".repeat(1_000_000), undefined],
])("the word meant by %.20s is %s", (text, meant) => {
  expect(nearest(text, ["route", "r".repeat(1_000_000 - 1)])).toBe(meant);
});
