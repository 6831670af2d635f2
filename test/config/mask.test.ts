import { describe, expect, test } from "vitest";
import { conform } from "../../src/config/explain.ts";
import { describeMask, Mask, readMask } from "../../src/config/mask.ts";
import { placeOf } from "../../src/config/yaml-node.ts";
import { readYaml } from "../../src/config/yaml-source.ts";

const read = (text: string) => {
  const node = readYaml("server.yaml", text)!;
  return readMask(conform(Mask, node), (path) => placeOf(node, path));
};
const keys = (text: string) => read(text).map(({ table, column, masking }) => [table, column, masking]);

describe("a mask", () => {
  test("is written by table and column, with patterns, and tables as a whole", () => {
    const text = `
"*": { email: email, "*_token": null }
users: { name: name, born: { shift: 30d }, age: { number: [18, 99] }, plan: { constant: free }, flags: { constant: {} } }
crm.contacts: { profile: { json: { email: email, country: keep } }, "*": "null" }
sessions: truncate
countries: keep
`;
    expect(keys(text)).toEqual([
      ["*", "email", { kind: "email" }],
      ["*", "*_token", { kind: "null" }],
      ["users", "name", { kind: "name" }],
      ["users", "born", { kind: "shift", days: 30 }],
      ["users", "age", { kind: "number", from: 18, to: 99 }],
      ["users", "plan", { kind: "constant", value: "free" }],
      ["users", "flags", { kind: "constant", value: "{}" }],
      [
        "crm.contacts",
        "profile",
        {
          kind: "json",
          keys: [
            { key: "email", masking: { kind: "email" } },
            { key: "country", masking: { kind: "keep" } },
          ],
        },
      ],
      ["crm.contacts", "*", { kind: "null" }],
      ["sessions", null, null],
      ["countries", "*", { kind: "keep" }],
    ]);
    expect(read(text)[2]?.place).toMatchObject({ line: 3 });
  });

  test.each([
    ["users: { email: emial }", `users.email is "emial", which is no masking. Did you mean "email"?`, 1, 17],
    [
      "users:\n  a: keep\n  b: { nubmer: [1, 2] }",
      `users.b is "nubmer", which is no masking. Did you mean "number"?`,
      3,
      6,
    ],
    ["users: { a: { number: [9, 1] } }", "users.a must be a range such as { number: [18, 99] }", 1, 13],
    ["users: { a: { shift: 90m } }", "users.a must be whole days, such as { shift: 30d }", 1, 13],
    ["users: { a: { constant: null } }", "users.a has no value: write null in place of { constant: null }", 1, 13],
    ["users: { a: truncate }", "users.a is truncate, which is for a whole table", 1, 13],
    [
      "users: truncat",
      `users is "truncat", which is no masking. Did you mean "truncate"?, and no map of its columns`,
      1,
      8,
    ],
    ["users: [ email ]", "users must be a map of its columns, truncate or keep", 1, 8],
    ["users: { a: { json: { b: nope } } }", `users.a has a key b that is "nope", which is no masking`, 1, 13],
    ["users: { a: { hash: 1, text: 2 } }", "users.a must be email, username, name", 1, 13],
  ])("%s is told with its place", (text, message, line, column) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ message: expect.stringContaining(message) }));
    expect(() => read(text)).toThrow(expect.objectContaining({ place: { file: "server.yaml", line, column } }));
  });

  test("is another one when a rule is another, not when it has moved in the file", () => {
    const first = describeMask(read("users: { email: email }"));
    expect(describeMask(read("\n\nusers:\n  email: email"))).toBe(first);
    expect(describeMask(read("users: { email: hash }"))).not.toBe(first);
  });
});
