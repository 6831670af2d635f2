import { expect, test } from "vitest";
import { ownPath } from "../../src/api/own-path.ts";

test.each([
  [undefined, "/"],
  ["", "/"],
  ["/", "/"],
  ["/previews/shop-pr-42?service=web&find=a%20b", "/previews/shop-pr-42?service=web&find=a%20b"],
  ["/visit?to=http%3A%2F%2Fshop-pr-42.preview.localhost%2F", "/visit?to=http%3A%2F%2Fshop-pr-42.preview.localhost%2F"],
  ["/a#b", "/a"],
  ["https://evil.test/", "/"],
  ["//evil.test/", "/"],
  ["/\\evil.test/", "/"],
  ["\\/evil.test/", "/"],
  ["/\t/evil.test/", "/"],
  ["/..//evil.test/", "/"],
  ["/.//evil.test/", "/"],
  ["javascript:alert(1)", "/"],
  ["evil.test", "/"],
  [" //evil.test", "/"],
  [`/${"a".repeat(3000)}`, "/"],
])("%j leads to %j", (text, path) => {
  expect(ownPath(text)).toBe(path);
});
