import { expect, test } from "vitest";
import { parseSize } from "../../src/config/quantity.ts";

test.each([
  ["512", 512],
  ["1k", 1024],
  ["10kb", 10_240],
  ["64m", 67_108_864],
  ["2GiB", 2_147_483_648],
  ["1.5g", 1_610_612_736],
  ["10 MB", 10_485_760],
  ["lots", undefined],
  ["-1", undefined],
  ["1x", undefined],
  ["", undefined],
  ["99999999p", undefined],
])("the size %s is %s bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});
