import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { maskKnown } from "../../src/feedback/known-values.ts";

const value = 'p@ss/w0rd+"quoted" & <long>';
const key = `-----BEGIN KEY-----\n${"QUJDREVGRw".repeat(8)}\nlast=line+of/it\n-----END KEY-----\n`;
const known = [value, key];

test.each([
  ["as it is", value],
  ["in a URL", encodeURIComponent(value)],
  ["in a URL in lower case", encodeURIComponent(value).replaceAll(/%../g, (code) => code.toLowerCase())],
  ["in a form", encodeURIComponent(value).replaceAll("%20", "+")],
  ["in JSON", JSON.stringify(value).slice(1, -1)],
  ["in JSON in JSON", JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1)],
  ["in JSON with escaped slashes", JSON.stringify(value).slice(1, -1).replaceAll("/", "\\/")],
  ["in HTML", value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")],
  ["in base64", Buffer.from(value).toString("base64")],
  ["in base64 of URLs", Buffer.from(value).toString("base64url")],
  ["in hexadecimal", Buffer.from(value).toString("hex")],
  ["with several lines", key.trimEnd()],
  ["as one of its lines", "last=line+of/it"],
  ["of several lines in JSON", JSON.stringify(key).slice(1, -1)],
])("a value is masked %s", (_how, spelling) => {
  expect(maskKnown(`before ${spelling}, after`, known)).toBe("before ***, after");
});

test.each(["", "a", "ab", "abc:", "user-name:"])("a value is masked in base64 behind %j", (before) => {
  const text = Buffer.from(`${before}${value} and after`).toString("base64");
  const left = maskKnown(text, known);
  expect(left).toContain("***");
  const decoded = Buffer.from(left.replace("***", ""), "base64").toString();
  for (let at = 0; at + 6 < value.length; at++) expect(decoded).not.toContain(value.slice(at, at + 6));
});

test("a value over the ends of lines is masked, wherever it is broken", () => {
  for (let at = 1; at < value.length; at++) {
    const text = `a line\nx ${value.slice(0, at)}\r\n${value.slice(at)} y\nanother`;
    expect(maskKnown(text, known)).toBe("a line\nx *** y\nanother");
  }
  const wrapped = Buffer.from(key).toString("base64").replaceAll(/.{40}/g, "$&\n");
  expect(maskKnown(`$ base64 key\n${wrapped}\ndone`, known)).toBe("$ base64 key\n***\ndone");
});

test("of lines that come one by one, each piece of six characters or more is masked", () => {
  const pieces = value.match(/.{9}/gs) ?? [];
  expect(pieces.length).toBe(3);
  const [first, , last] = pieces;
  expect(maskKnown(`x ${first}`, known)).toBe("x ***");
  expect(maskKnown(`${last} y`, known)).toBe("*** y");
  expect(maskKnown("QUJDREVGRw".repeat(4), known)).toBe("***");
});

test("a line that was cut in the middle of a value keeps nothing of it", () => {
  const line = `${"x".repeat(4086)}${value.slice(0, 10)}…`;
  expect(maskKnown(line, known)).toBe(`${"x".repeat(4086)}***…`);
  expect(maskKnown(`${line}\nnext`, known)).toBe(`${"x".repeat(4086)}***…\nnext`);
});

test("values that touch or hold one another are one", () => {
  expect(maskKnown("s3cr3t-longer s3cr3tly", ["s3cr3t", "s3cr3t-longer"])).toBe("*** ***ly");
});

test("what is too short to be told from other words, and what is no value, stays", () => {
  expect(maskKnown("on 12345 admin", ["on", "12345", "admin", ""])).toBe("on 12345 admin");
  const text = "GET /password/reset 200\n  at server.js:10\n";
  expect(maskKnown(text, known)).toBe(text);
});

test("a hundred secrets and a log of a thousand lines are looked through", () => {
  const many = Array.from({ length: 100 }, (_, index) => createHash("sha512").update(String(index)).digest("hex"));
  const text = "2026-11-21T12:00:00Z request handled in 12 ms path=/api/orders\n".repeat(1000);
  maskKnown("first", many);
  expect(maskKnown(text, many)).toBe(text);
  for (const line of text.split("\n")) maskKnown(line, many);
});

test.each(["a", "ab", "s3cr3t", "\n"])(
  "a hostile text of %j is looked through, where a quadratic reader would run out of the test's time",
  (piece) => {
    const text = piece.repeat(64 * 1024);
    const masked = maskKnown(text, ["a".repeat(4000), "ab".repeat(2000), "s3cr3t".repeat(600)]);
    expect(masked.length).toBeLessThanOrEqual(text.length);
  },
);
