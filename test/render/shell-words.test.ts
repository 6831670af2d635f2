import { expect, test } from "vitest";
import { splitShellWords } from "../../src/render/forms/shell-words.ts";

// Compared with `docker compose config` 2.40.3.
test.each([
  ["npm run dev", ["npm", "run", "dev"], null],
  ["npm run a && npm run b", ["npm", "run", "a"], "&"],
  ['sh -c "a; b"', ["sh", "-c", "a; b"], null],
  ["a; b", ["a"], ";"],
  ["a 2>b", ["a"], ">"],
  ["a | b", ["a"], "|"],
  ["a #b", ["a", "#b"], null],
  [`a\\ b 'c\\d' "e\\"f" "g\\h"`, ["a b", "c\\d", 'e"f', "gh"], null],
  ['a "" b', ["a", "", "b"], null],
  ["a ''b", ["a", "b"], null],
  ["a\tb\nc", ["a", "b", "c"], null],
  ["a `b c` $(d e) f", ["a", "`b c`", "$(d e)", "f"], null],
  ["a\\tb\\nc", ["a\tb\nc"], null],
  ['`a "b c"` d', ["`a b c`", "d"], null],
  ["", [], null],
])("%j is %j", (text, words, endedBy) => {
  expect(splitShellWords(text)).toEqual({ words, endedBy });
});

test.each(['a "b', "a 'b", "a \\", "a (b)", "a )", "a `b"])("%j is no command", (text) => {
  expect(splitShellWords(text)).toBeNull();
});
