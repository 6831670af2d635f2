import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Column, ColumnType } from "../../../src/data/mask/column.ts";
import { moveDate } from "../../../src/data/mask/date-value.ts";
import { createKeyed, permute } from "../../../src/data/mask/keyed.ts";
import { createMaskers } from "../../../src/data/mask/mask-value.ts";
import { catalogQuery, pgDumpOptions, readCatalog } from "../../../src/data/mask/postgres/catalog.ts";
import type { Masking } from "../../../src/domain/mask.ts";
import { column, salt } from "./world.ts";

const maskers = createMaskers(salt);
function mask(masking: Masking | Masking["kind"], value: string, own: Partial<Column> & { type?: ColumnType } = {}) {
  return maskers(column("t.c", own), (typeof masking === "string" ? { kind: masking } : masking) as Masking)(value);
}
const room = (longest: number) => ({ type: { kind: "text", longest } as const });
const of = (kind: "date" | "timestamp" | "uuid" | "json" | "bytes" | "network") => ({ type: { kind } });
const integer = { type: { kind: "integer", bits: 32 } } as const;
const numbered = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("a masked value", () => {
  test("is keyed with HMAC-SHA256", () => {
    const key = createHmac("sha256", "salt").update("email").digest();
    for (const text of ["", "a", "ä".repeat(100)])
      expect(createKeyed("salt", "email")(text)).toEqual(createHmac("sha256", key).update(text).digest());
  });

  test("is the same in every column of a masking, and another under another salt", () => {
    const raw = "ada@lovelace.org";
    expect(mask("email", raw)).toBe(mask("email", raw, room(200)));
    expect(createMaskers("other")(column("t.c"), { kind: "email" })(raw)).not.toBe(mask("email", raw));
    expect(mask("hash", "77", integer)).toBe(mask("hash", "77", { type: { kind: "integer", bits: 64 } }));
    expect(mask("hash", "77", integer)).toBe(mask("hash", "77"));
    const id = "0f2b9c1e-9c6d-4a0f-8a43-1a2b3c4d5e6f";
    expect(mask("hash", id, of("uuid"))).toBe(mask("hash", id));
  });

  test.each<[Masking | Masking["kind"], string, Parameters<typeof mask>[2], RegExp]>([
    ["email", "ada@lovelace.org", {}, /^[a-z]+\.[a-z]+\.[a-z0-9]{13}@example\.com$/],
    ["email", "ada@lovelace.org", room(30), /^[a-z0-9]{13}@example\.com$/],
    ["username", "ada", {}, /^[a-z]+\.[a-z0-9]{13}$/],
    ["name", "Ada Lovelace", {}, /^[A-Z][\w'-]+ [A-Z][\w'-]+$/],
    ["name", "Ada Lovelace", room(3), /^[A-Z][a-z]{2}$/],
    ["first_name", "Ada", {}, /^[A-Z][\w'-]+$/],
    ["last_name", "Lovelace", {}, /^[A-Z][\w'-]+$/],
    ["phone", "+49 (170) 123-4567", {}, /^\+999\d{2} \(\d{3}\) \d{3}-\d{4}$/],
    ["phone", "0170 1234567", {}, /^\+999 \d{4} \d{7}$/],
    ["phone", "call Ada", {}, /^\+999\d{15}$/],
    ["phone", "0170-1234567", room(16), /^\+999\d{11}$/],
    ["phone", "491701234567", { type: { kind: "integer", bits: 64 } }, /^999\d{12}$/],
    ["address", "1 Road", {}, /^\d{1,3} [A-Z].*, [A-Z]/],
    ["text", "A letter of 25 characters", {}, /^[A-Z][a-z ]{10,24}$/],
    ["hash", "a", {}, /^[a-z0-9]{26}$/],
    ["hash", "a", room(12), /^[a-z0-9]{12}$/],
    [
      "hash",
      "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
      of("uuid"),
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    ],
    ["hash", "\\x6162", of("bytes"), /^\\x[0-9a-f]{64}$/],
    ["hash", "10.1.2.3", of("network"), /^2001:db8(:[0-9a-f]{4}){6}$/],
    [{ kind: "number", from: 18, to: 20 }, "55", integer, /^(18|19|20)$/],
    [{ kind: "number", from: 1, to: 2 }, "9.99", { type: { kind: "decimal", scale: 2 } }, /^1\.\d\d$|^2\.00$/],
    [{ kind: "constant", value: "x" }, "anything", {}, /^x$/],
    ["keep", "as it is", {}, /^as it is$/],
  ])("%j of %s", (masking, value, own, form) => {
    expect(mask(masking, value, own)).toMatch(form);
  });

  test("is null or the constant also where it was empty, and else stays empty", () => {
    expect(mask("null", "x")).toBeNull();
    expect(mask({ kind: "constant", value: "x" }, "")).toBe("x");
    for (const kind of ["email", "name", "phone", "text", "hash"] as const) expect(mask(kind, "")).toBe("");
  });

  test.each(["email", "username", "hash", "phone"] as const)("keeps 50,000 values of %s apart", (kind) => {
    const values = numbered(50_000).map((index) => (kind === "phone" ? `017${index}` : `person${index}@mail.org`));
    expect(new Set(values.map((value) => mask(kind, value))).size).toBe(50_000);
  });

  test("of a mailbox differs in capitals where the mailbox does, and nowhere else", () => {
    const written = ["ada@mail.org", "Ada@mail.org", "ADA@MAIL.ORG", "adA@mail.org"];
    const masked = written.map((value) => String(mask("email", value)));
    expect(new Set(masked).size).toBe(4);
    expect(new Set(masked.map((value) => value.toLowerCase())).size).toBe(1);
    expect(masked[0]).toBe(masked[0]?.toLowerCase());
  });

  test.each([
    ["hash", "CUSTOMER-77", {}],
    ["hash", "CUSTOMER-77", room(12)],
    ["hash", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", {}],
    ["username", "ADA", {}],
  ] as const)(
    "of %s is one where a database takes no notice of capitals, and differs in them alone: %s",
    (kind, value, own) => {
      const fakes = [value, value.toLowerCase(), value.charAt(0) + value.slice(1).toLowerCase()].map((each) =>
        mask(kind, each, own),
      );
      expect(new Set(fakes).size).toBe(3);
      expect(new Set(fakes.map((each) => each?.toLowerCase()))).toEqual(new Set([fakes[1]]));
    },
  );

  test.each(["email", "username", "name", "first_name", "address", "text", "hash", "phone"] as const)(
    "of %s is the same with spaces behind it, as columns of a fixed length have them",
    (kind) => {
      const [value, padded] = ["ada@lovelace.org", "ada@lovelace.org    "];
      expect(mask(kind, padded)).toBe(`${mask(kind, value)}    `);
      expect(mask(kind, padded, room(40))).toBe(`${mask(kind, value, room(40))}    `.slice(0, 40));
      expect(mask(kind, "   ")).toBe("   ");
    },
  );

  test("of whole numbers is another of the same type's room, none twice", () => {
    for (const [first, most] of [
      [-100, 2 ** 15],
      [32_760, 2 ** 31],
      [32_768, 2 ** 16],
      [65_476, 2 ** 16],
      [2_147_483_588, 2 ** 31],
      [2_147_483_648, 2 ** 32],
      [4_294_967_236, 2 ** 32],
    ] as const) {
      const masked = numbered(60).map((index) => Number(mask("hash", String(first + index), integer)));
      expect(new Set(masked).size).toBe(60);
      expect(Math.max(...masked)).toBeLessThan(most);
    }
    for (const most of ["18446744073709551615", "9223372036854775808"]) {
      const masked = BigInt(String(mask("hash", most, integer)));
      expect(masked >= 2n ** 63n && masked < 2n ** 64n).toBe(true);
    }
    for (const none of ["18446744073709551616", "-9223372036854775809"])
      expect(mask("hash", none, integer)).toBeUndefined();
    expect(mask("hash", "9223372036854775807", integer)).toMatch(/^\d{10,19}$/);
    expect(mask("hash", "-9223372036854775808", integer)).toMatch(/^-\d{10,19}$/);
  });

  test.each([1n, 2n, 3n, 10n, 97n, 1000n])("takes each place below %d once", (size) => {
    const keyed = createKeyed(salt, "places");
    const places = numbered(Number(size)).map((value) => Number(permute(keyed, BigInt(value), size)));
    expect(places.toSorted((a, b) => a - b)).toEqual(numbered(Number(size)));
  });

  test("may be a large element of an array", () => {
    const large = "a".repeat(12_000_000);
    for (const value of [`{"${large}",b}`, `{${large},b}`, String.raw`{"${String.raw`\"`.repeat(6_000_000)}",b}`])
      expect(mask("hash", value, { isArray: true })).toMatch(/^\{"\w{26}","\w{26}"\}$/);
  });

  test.each([
    ['{a,NULL,"b \\"c\\"",""}', /^\{"x",NULL,"x",""\}$/],
    ['{{a,b},{"NULL",d}}', /^\{\{"x","x"\},\{"x","x"\}\}$/],
    ["[0:1]={a,b}", /^\[0:1\]=\{"x","x"\}$/],
    ["{}", /^\{\}$/],
  ])("of the array %s keeps its form", (value, form) => {
    const first = (element: string | null | undefined) => String(element).replaceAll(/"[a-z0-9.@]{2,}"/gi, `"x"`);
    expect(first(mask("hash", value, { isArray: true }))).toMatch(form);
  });

  test.each(["a", "{a", "{a}}", "{a}b", '{"a}'])("is told apart where %s is no array", (value) => {
    expect(mask("hash", value, { isArray: true })).toBeUndefined();
  });

  test("of a document masks its texts and numbers, by the nearest key that is named", () => {
    const document = `{"email": "ada@mail.org", "land": "GB", "n": 12345, "big": 12345678901234567890.10, "ok": true, "no": null, "": "",
      "home": {"city": "London", "tags": ["a b c"]}, "friends": {"bob@mail.org": {"email": "bob@mail.org"}}, "__proto__": "x y"}`;
    const keys = [
      { key: "email", masking: { kind: "email" } },
      { key: "land", masking: { kind: "keep" } },
      { key: "big", masking: { kind: "keep" } },
      { key: "home", masking: { kind: "null" } },
    ] as const;
    const text = String(mask({ kind: "json", keys }, document, of("json")));
    expect(text).toContain(`"big":12345678901234567890.10`);
    const made = JSON.parse(text) as Record<string, unknown>;
    expect(made).toMatchObject({ land: "GB", ok: true, no: null, "": "", home: { city: null, tags: [null] } });
    expect(made["email"]).toBe(mask("email", "ada@mail.org"));
    expect(String(made["n"])).toMatch(/^\d{5}$/);
    expect(made["n"]).not.toBe(12_345);
    expect(text).not.toMatch(/ada@|bob@|London|x y/);
    expect(Object.values(made["friends"] as object)).toEqual([{ email: mask("email", "bob@mail.org") }]);
    expect(mask("text", "{no json", of("json"))).toBeUndefined();
    expect(mask("text", "[".repeat(100_000), of("json"))).toBeUndefined();
  });

  test("of a number inside of a document is that of its column, where the rule is hash, and each another", () => {
    const masking = { kind: "json", keys: [{ key: "*id", masking: { kind: "hash" } }] } as const;
    const bits = { type: { kind: "integer", bits: 64 } } as const;
    for (const id of ["42", "-7", "16664", "9007199254740993", "9007199254740992", "18446744073709551615"])
      expect(mask(masking, `{"user_id":${id}}`, of("json"))).toBe(`{"user_id":${mask("hash", id, bits)}}`);
    const others = ["9007199254740992", "9007199254740993"].map((n) => mask(masking, `{"n":${n}}`, of("json")));
    expect(new Set(others).size).toBe(2);
    for (const odd of ["1.5", "1e3", "99999999999999999999"])
      expect(mask(masking, `{"user_id":${odd}}`, of("json"))).toMatch(/^\{"user_id":[\d.e+]+\}$/);
  });

  test("of a date is another day near it", () => {
    const days = numbered(400).map((index) => 19_000 + index);
    for (const day of days) {
      const text = moveDate("1970-01-01", day * 86_400, "") ?? "";
      expect(text).toBe(new Date(day * 86_400_000).toISOString().slice(0, 10));
      const masked = String(mask({ kind: "shift", days: 30 }, text, of("date")));
      const moved = (Date.parse(masked) - Date.parse(text)) / 86_400_000;
      expect(Math.abs(moved)).toBeLessThanOrEqual(30);
      expect(moved).not.toBe(0);
    }
  });

  test.each([
    ["2024-02-29", 86_400, "2024-03-01"],
    ["2000-03-01", -86_400, "2000-02-29"],
    ["1900-02-28", 86_400, "1900-03-01"],
    ["0001-01-01", -86_400, "0000-12-31"],
    ["2024-12-31 23:59:59.5+05:30", 1, "2025-01-01 00:00:00.7+05:30"],
    ["2024-01-01T00:00:00", -1, "2023-12-31T23:59:59"],
    ["10000-01-01", -86_400, "9999-12-31"],
    ["infinity", 5, "infinity"],
    ["0044-03-15 BC", 5, "0044-03-15 BC"],
    ["yesterday", 5, undefined],
  ])("%s moved by %i s is %s", (text, seconds, expected) => {
    expect(moveDate(text, seconds, "7")).toBe(expected);
  });
});

test("the catalog's types are told apart", () => {
  const row = {
    schema: "s",
    table: "t",
    name: "c",
    isArray: false,
    nullable: true,
    generated: false,
    numbered: false,
    unique: null,
    refersTo: null,
  };
  const names = [
    "text",
    "character varying",
    '"character"',
    "public.citext",
    "smallint",
    "numeric",
    "real",
    "date",
    "timestamp with time zone",
    "uuid",
    "jsonb",
    "bytea",
    "inet",
    "public.mood",
  ];
  const answer = JSON.stringify(names.map((typeName) => ({ ...row, typeName, longest: null, scale: null })));
  expect(readCatalog(answer).map(({ type }) => type.kind)).toEqual([
    "text",
    "text",
    "text",
    "text",
    "integer",
    "decimal",
    "decimal",
    "date",
    "timestamp",
    "uuid",
    "json",
    "bytes",
    "network",
    "other",
  ]);
  expect(pgDumpOptions).toContain("--no-comments");
  expect(catalogQuery).toContain("json_agg");
});
