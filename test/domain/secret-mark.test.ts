import { expect, test } from "vitest";
import { fillMarks, marksIn, readMarks, secretMark } from "../../src/domain/secret-mark.ts";

const url = `postgres://app:${secretMark("PASSWORD")}@db/${secretMark("NAME")}`;

test("a text holds secrets by name until their values are put in, and only of the names given", () => {
  expect(marksIn(`${url} ${secretMark("NAME")}`)).toEqual(["PASSWORD", "NAME"]);
  expect(fillMarks(url, new Map([["PASSWORD", "$& $1"]]))).toBe(`postgres://app:$& $1@db/${secretMark("NAME")}`);
});

test.each([
  ["what was put in", "postgres://app:p@ss(1)@db/shop", { PASSWORD: "p@ss(1)", NAME: "shop" }],
  ["nothing of another text", "mysql://app:x@db/shop", null],
])("%s is read back", (_what, filled, values) => {
  const read = readMarks(url, filled);
  expect(read && Object.fromEntries(read)).toEqual(values);
});

test("many marks in one text are not told apart, however long it is", () => {
  expect(readMarks(secretMark("A").repeat(50), "x".repeat(100_000))).toBeNull();
});
