import { describe, expect, test } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import { parseEnvFile, parseRawEnvFile } from "../../src/render/compose/env-file.ts";
import { createBudget } from "../../src/render/compose/interpolate.ts";

function scope() {
  return {
    lookup: (name: string) => (name === "OUT" ? "outer" : undefined),
    onUnset: () => null,
    spend: createBudget(),
  };
}

function parse(text: string) {
  return Object.fromEntries([...parseEnvFile(".env", text, scope())].map(([name, entry]) => [name, entry.value]));
}

function failure(act: () => unknown): InputError {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

// Compared with `docker compose config` 2.26.1.
describe("an env file", () => {
  test.each([
    ["A=1", { A: "1" }],
    ["A = b", { A: "b" }],
    ["export A=1", { A: "1" }],
    ["A: x", { A: "x" }],
    ["A=b c", { A: "b c" }],
    ["A=b#c #d", { A: "b#c" }],
    ["A= # c", { A: "# c" }],
    ["A=   \nB=1", { A: "", B: "1" }],
    ["# c\n\n  A=1", { A: "1" }],
    ['A="b" # c\nB=1', { A: "b", B: "1" }],
    ["A='b\nc'", { A: "b\nc" }],
    ['A="b\\nc\\q"', { A: "b\nc\\q" }],
    ["A=\\n", { A: "\\n" }],
    ["A='it\\'s'", { A: "it's" }],
    ["A='$OUT'", { A: "$OUT" }],
    ['A="a$OUT"', { A: "aouter" }],
    ['A="a\\$OUT"', { A: "a$OUT" }],
    ["B=2\nC=$B", { B: "2", C: "2" }],
    ["C=$B\nB=2", { C: "", B: "2" }],
    ["OUT=own\nC=$OUT", { OUT: "own", C: "outer" }],
    ["A=a$$x", { A: "a$x" }],
    ["A=${NOPE:-d}", { A: "d" }],
    ["A=x\nA=y", { A: "y" }],
    ["A.b-c[0]=1", { "A.b-c[0]": "1" }],
    ["OUT\nNOPE", { OUT: "outer" }],
    ["\uFEFFA=b\r\nC=d\r\n", { A: "b", C: "d" }],
    ["", {}],
  ])("%j", (text, variables) => {
    expect(parse(text)).toEqual(variables);
  });

  test.each([
    ["OK=1\nA b=1", 2, '"A b" is not a variable\'s name'],
    ["=x", 1, "no variable's name"],
    ['\n\nA="never', 3, "never ends"],
    ["A='a'\"b\"", 1, "is not a variable's name"],
    ["root:x:0:0:root:/root:/bin/bash\n{}", 2, "is not a variable's name"],
    ["A=${X:?must}", 1, "the variable X is required: must"],
  ])("%j is refused at line %i", (text, line, message) => {
    const error = failure(() => parse(text));
    expect(error.place).toEqual({ file: ".env", line, column: 1 });
    expect(error.message).toContain(message);
  });

  test("of format raw is taken to the letter", () => {
    const entries = parseRawEnvFile("raw.env", "# c\nA='x' $B # y\n\nOUT\nE=", scope());
    expect([...entries].map(([name, entry]) => [name, entry.value, entry.place.line])).toEqual([
      ["A", "'x' $B # y", 2],
      ["OUT", "outer", 4],
      ["E", "", 5],
    ]);
  });

  test("has at most 64 KiB, and is read fast", () => {
    expect(failure(() => parse("A=1\n".repeat(20_000))).code).toBe("file-too-large");
    const started = performance.now();
    expect(Object.keys(parse(Array.from({ length: 9000 }, (_, i) => `A${i}=`).join("\n")))).toHaveLength(9000);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("cannot double itself line by line", () => {
    const lines = Array.from({ length: 60 }, (_, i) => `A${i + 1}=$A${i}$A${i}`);
    expect(failure(() => parse(["A0=xxxxxxxxxx", ...lines].join("\n"))).code).toBe("yaml-too-large");
  });
});
