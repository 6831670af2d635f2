import { describe, expect, test } from "vitest";
import { placeOf, toValue } from "../../src/config/yaml-node.ts";
import { readYaml } from "../../src/config/yaml-source.ts";
import { InputError } from "../../src/domain/errors.ts";

function read(text: string) {
  const node = readYaml("f.yaml", text);
  if (!node) throw new Error("it is empty");
  return node;
}

function codeOf(text: string): string {
  try {
    readYaml("f.yaml", text);
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
  return "none";
}

describe("YAML", () => {
  test.each([
    ["a: { <<: *x }", "yaml-invalid"],
    ["a: &x { b: *x }", "yaml-invalid"],
    ["? [a]\n: b", "yaml-invalid"],
    ["1: b", "yaml-invalid"],
    ["a: !reset null", "not-supported"],
    ["a: !!python/object x", "not-supported"],
    ["a: !!str 1", "none"],
    ["a: b\n---\nc: d", "yaml-invalid"],
    ['a: "\\0"', "invalid-value"],
  ])("%j: %s", (text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  test("merge keys take what is not there, the earlier map first", () => {
    const text = "x: &x { a: 1, b: 1 }\ny: &y { a: 2, c: 2 }\nz: { b: 3, <<: [*x, *y] }";
    expect(toValue(read(text))).toMatchObject({ z: { a: 1, b: 3, c: 2 } });
  });

  test("an alias means the nearest anchor before it, also inside another alias", () => {
    const text = "a: &x 1\nb: &y { c: *x }\nd: &x 2\ne: *y\nf: *x";
    expect(toValue(read(text))).toEqual({ a: 1, b: { c: 1 }, d: 2, e: { c: 1 }, f: 2 });
  });

  test("scalars are those of YAML 1.2, with Compose's numbers", () => {
    const text = "[yes, 0777, 0o17, 0x1F, 1_000, 12345678901234567890, ~, 1.10, 2020-01-01]";
    expect(toValue(read(text))).toEqual(["yes", 511, 15, 31, 1000, "12345678901234567890", null, 1.1, "2020-01-01"]);
  });

  test("values keep the places where they were written, through anchors too", () => {
    const node = read("x: &x\n  deep: [1, 2]\ny: *x\nz:\n  <<: *x\n");
    expect(placeOf(node, ["y", "deep", 1])).toEqual({ file: "f.yaml", line: 2, column: 13 });
    expect(placeOf(node, ["z", "deep", 1])).toEqual({ file: "f.yaml", line: 2, column: 13 });
  });

  test("nothing is read as nothing", () => {
    expect([readYaml("f.yaml", ""), readYaml("f.yaml", "# only\n"), readYaml("f.yaml", "~")]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

const bomb = [
  "a0: &a0 [x, x]",
  ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`),
].join("\n");

describe("a hostile document is refused fast", () => {
  test.each([
    ["an alias bomb", bomb],
    [
      "a bomb of merge keys",
      bomb.replaceAll("[x, x]", "{ k: v }").replaceAll(/\[(\*a\d+, )+\]/g, (all) => `{ l: ${all} }`),
    ],
    ["more than 1 MiB", `a: ${"x".repeat(1024 * 1024)}`],
    ["too many values", "- 1\n".repeat(200_000)],
    ["deep flow collections", `a: ${"[".repeat(500_000)}`],
    ["deep block collections", `${"- ".repeat(400_000)}x`],
    ["a moderately deep document", `${"[".repeat(200)}${"]".repeat(200)}`],
    ["many keys with one name", "a:\n".repeat(40_000).replaceAll("a:", "? a")],
    ["many tags", "- !x 1\n".repeat(140_000)],
    ["many errors", "- a: b: c\n".repeat(90_000)],
  ])("%s", (_what, text) => {
    expect(codeOf(text)).not.toBe("none");
  });
});
