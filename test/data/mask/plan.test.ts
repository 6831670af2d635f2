import { describe, expect, test } from "vitest";
import { choose } from "../../../src/data/mask/choose.ts";
import type { Column } from "../../../src/data/mask/column.ts";
import { linesFor, uncovered } from "../../../src/data/mask/coverage.ts";
import { planMask } from "../../../src/data/mask/plan.ts";
import type { MaskRule } from "../../../src/domain/mask.ts";
import { column, rules, salt } from "./world.ts";

const plan = (columns: Column[], written: MaskRule[], sensitive = false) =>
  planMask({ source: { name: "nightly", sensitive }, columns, rules: written, salt });

test("two tables are not taken for one because of the dots in their names", () => {
  const columns = [column("x", { schema: "a.b", table: "c" }), column("x", { schema: "a", table: "b.c" })];
  const written = rules(["c", "x", "text"], ["a.b.c", "x", "keep"]);
  const plan = planMask({ source: { name: "nightly", sensitive: true }, rules: written, columns, salt });
  expect(plan.size).toBe(2);
});

describe("the rule for a column", () => {
  test.each<[string, string, MaskRule[], string | undefined]>([
    ["none names it", "users.id", rules(["users", "email", "email"]), undefined],
    ["a name", "users.email", rules(["users", "email", "email"]), "email"],
    ["a pattern of tables", "crm.people.email", rules(["*", "email", "email"]), "email"],
    ["a schema's table, not another's", "public.people.email", rules(["crm.people", "email", "email"]), undefined],
    [
      "a column's name before a pattern",
      "users.email",
      rules(["*", "email", "email"], ["users", "*", "keep"]),
      "email",
    ],
    [
      "the table among columns alike",
      "users.email",
      rules(["users", "email", "keep"], ["*", "email", "email"]),
      "keep",
    ],
    [
      "schema and table before the table",
      "crm.users.a",
      rules(["crm.users", "a", "hash"], ["users", "a", "keep"]),
      "hash",
    ],
    ["the longer pattern", "users.auth_token", rules(["users", "*_token", "null"], ["users", "*", "keep"]), "null"],
    ["the later of two alike", "users.ab", rules(["users", "a*", "hash"], ["users", "*b", "text"]), "text"],
    ["an emptied table has no other", "sessions.ip", rules(["*", "ip", "hash"], ["sessions"]), "truncate"],
    ["a named table is not emptied by a pattern", "audit_log.a", rules(["*_log"], ["audit_log", "*", "keep"]), "keep"],
    ["a dot is a dot", "usersXa.b", rules(["u.*", "b", "hash"]), undefined],
  ])("%s", (_, path, written, expected) => {
    expect(choose(written, column(path))?.masking.kind).toBe(expected);
  });
});

describe("a plan of masking", () => {
  test.each<[string, Column[], MaskRule[], string]>([
    [
      "a column that is not there",
      [column("users.email")],
      rules(["users", "emial", "email"]),
      `names users.emial, which is no column of it. Did you mean "email"?`,
    ],
    [
      "a table that is not there",
      [column("users.email")],
      rules(["user", "email", "email"]),
      `names user, which is no table of it. Did you mean "users"?`,
    ],
    [
      "a pattern that names nothing",
      [column("users.email")],
      rules(["*", "*_token", "null"]),
      "names *.*_token, which is no column of it",
    ],
    [
      "null where none may be",
      [column("users.a", { nullable: false })],
      rules(["users", "a", "null"]),
      "users.a may not be null",
    ],
    [
      "what cannot be unique",
      [column("users.a", { unique: "users_a_key" })],
      rules(["users", "a", "name"]),
      "users.a is in the unique index users_a_key, and name may make two values one",
    ],
    [
      "a number that the database counts",
      [column("users.id", { type: { kind: "integer", bits: 32 }, numbered: true, unique: "users_pkey" })],
      rules(["users", "id", "hash"]),
      "users.id is numbered by the database",
    ],
    [
      "another type",
      [column("users.a", { type: { kind: "date" }, typeName: "date" })],
      rules(["users", "a", "email"]),
      "users.a is of type date, which email does not make",
    ],
    [
      "an array of another type",
      [column("users.a", { type: { kind: "other" }, typeName: "point", isArray: true })],
      rules(["users", "a", "text"]),
      "users.a is of type point[]",
    ],
    [
      "too little room",
      [column("users.a", { type: { kind: "text", longest: 20 } })],
      rules(["users", "a", "email"]),
      "users.a has room for 20 characters, and email needs 25",
    ],
    [
      "numbers that do not fit",
      [column("users.a", { type: { kind: "integer", bits: 16 } })],
      rules(["users", "a", { kind: "number", from: 0, to: 40_000 }]),
      "users.a has no room for numbers of [0, 40000]",
    ],
    [
      "numbers below zero where none may be",
      [column("users.a", { type: { kind: "integer", bits: 16, unsigned: true } })],
      rules(["users", "a", { kind: "number", from: -1, to: 40_000 }]),
      "users.a has no room for numbers of [-1, 40000]",
    ],
    [
      "a reference to an emptied table",
      [column("users.id"), column("orders.user", { refersTo: "public.users.id" })],
      rules(["users"], ["orders", "user", "keep"]),
      "orders.user refers to users, which is emptied",
    ],
    [
      "a key masked on one side",
      [column("users.mail"), column("orders.mail", { refersTo: "public.users.mail" })],
      rules(["users", "mail", "email"]),
      "orders.mail (keep) refers to users.mail (email): mask both alike",
    ],
  ])("refuses %s", (_, columns, written, message) => {
    expect(() => plan(columns, written)).toThrow(
      expect.objectContaining({
        code: "mask-invalid",
        message: expect.stringContaining(message),
        place: expect.objectContaining({ file: "server.yaml" }),
      }),
    );
  });

  test("tells how many more rules are wrong", () => {
    expect(() => plan([column("a.b")], rules(["c", "d", "hash"], ["e", "f", "hash"]))).toThrow("(and 1 more)");
  });

  test("of a sensitive source needs a rule for each column, and gives the lines to add", () => {
    const columns = [
      column("users.email"),
      column("users.id"),
      column("crm.notes.body"),
      column("users.both", { generated: true }),
    ];
    const written = rules(["users", "email", "email"]);
    expect(uncovered(columns, written).map(({ name }) => name)).toEqual(["id", "body"]);
    expect(() => plan(columns, written, true)).toThrow(
      expect.objectContaining({
        code: "mask-incomplete",
        message:
          "nightly is sensitive, and its mask says nothing of users.id, crm.notes.body: nothing of it is published",
        hint: "Say in its mask what each becomes, or keep it:\nusers: { id: keep }\ncrm.notes: { body: keep }",
      }),
    );
    expect(plan(columns, written).get("public.users")?.columns.get("id")?.mask).toBeNull();
    expect(
      plan(columns, [...written, ...rules(["users", "id", "keep"], ["crm.notes"])], true).get("crm.notes")?.isEmptied,
    ).toBe(true);
  });

  test("quotes names that YAML would read in another way", () => {
    expect(linesFor([column("users.on"), column("users.two words")])).toBe(`users: { "on": keep, "two words": keep }`);
  });
});
