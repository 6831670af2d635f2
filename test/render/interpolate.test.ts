import { describe, expect, test } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import { createBudget, createSubstitution } from "../../src/render/compose/interpolate.ts";

const place = { file: "compose.yaml", line: 3, column: 7 };
const variables: Record<string, string> = { A: "a", EMPTY: "", N: "nested", a_1: "low" };

function interpolate(text: string): { value: string; unset: string[] } {
  const unset: string[] = [];
  const lookup = (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined);
  const substitute = createSubstitution({ lookup, onUnset: (name) => (unset.push(name), null), spend: createBudget() });
  return { value: substitute(text, place), unset };
}

// Every row but the last two was compared with `docker compose config` 2.26.1.
describe("a variable", () => {
  test.each([
    ["$A", "a"],
    ["${A}", "a"],
    ["$A.b", "a.b"],
    ["é${A}é", "éaé"],
    ["${a_1}", "low"],
    ["${A:-d}", "a"],
    ["${EMPTY:-d}", "d"],
    ["${EMPTY-d}", ""],
    ["${X:-d}", "d"],
    ["${X-d}", "d"],
    ["${X-}", ""],
    ["${A:+r}", "r"],
    ["${EMPTY:+r}", ""],
    ["${EMPTY+r}", "r"],
    ["${X+r}", ""],
    ["${A:?needed}", "a"],
    ["${EMPTY?needed}", ""],
    ["${X:-${Y:-z}}", "z"],
    ["${X:-$N}", "nested"],
    ["${X:-a${N}b}", "anestedb"],
    ['${X:-{"a":1}}', '{"a":1}'],
    ["${X:-a}b}", "ab}"],
    ["${X:-a?b}", "a?b"],
    ["${X:-'q'}", "'q'"],
    ["$$A", "$A"],
    ["$${A}", "${A}"],
    ["${X:-$$y}", "$y"],
    ["a$", "a$"],
    ["$1", "$1"],
    ["$-", "$-"],
    ["plain", "plain"],
    ["", ""],
    ["${A:+${N:+${A}}}", "a"],
  ])("%s is %j", (text, value) => {
    expect(interpolate(text)).toEqual({ value, unset: [] });
  });

  test.each([
    ["$X", ["X"]],
    ["${X}${Y}", ["X", "Y"]],
    ["${A:-$X}", []],
    ["${X:-$Y}", ["Y"]],
    ["${constructor}", ["constructor"]],
  ])("%s tells that %j are unset", (text, unset) => {
    expect(interpolate(text).unset).toEqual(unset);
  });

  test.each([
    ["${X", "invalid-value", "${X is not a form of a variable"],
    ["${}", "invalid-value", "${} is not a form"],
    ["${1}", "invalid-value", "${1} is not a form"],
    ["${X!}", "invalid-value", "${X!} is not a form"],
    ["${X:=d}", "invalid-value", "${X:=d} is not a form"],
    ["${X :-d}", "invalid-value", "is not a form"],
    ["${X:?}", "variable-missing", "the variable X is required"],
    ["${X?set $A}", "variable-missing", "the variable X is required: set a"],
    ["${EMPTY:?no}", "variable-missing", "the variable EMPTY is required: no"],
    ["${X:-".repeat(40) + "}".repeat(40), "invalid-value", "nested too deeply"],
  ])("%s is an error", (text, code, message) => {
    let error: unknown;
    try {
      interpolate(text);
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof InputError)) throw new Error("it did not fail");
    expect([error.code, error.place]).toEqual([code, place]);
    expect(error.message).toContain(message);
  });

  test("cannot multiply without end", () => {
    const lookup = () => "x".repeat(10_000);
    const substitute = createSubstitution({ lookup, onUnset: () => null, spend: createBudget() });
    expect(() => substitute("$A".repeat(1000), place)).toThrow("too much text");
  });
});
