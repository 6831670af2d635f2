import { describe, expect, test } from "vitest";
import { createCollector, identifies } from "../../../src/data/mask/collect.ts";
import { createSearch, hint, searchStream } from "../../../src/data/mask/search.ts";
import { name } from "../../../src/data/mask/fakes.ts";
import { createKeyed } from "../../../src/data/mask/keyed.ts";
import { column, pieces, salt } from "./world.ts";

const raw = [
  "ada@lovelace.org",
  "Grace Hopper",
  `12 "Main" St`,
  "Zoë Österreich 7",
  "a\\b\tc\nd e",
  "Rue 12/14, étage",
  "it's \\ here",
].map((text) => ({
  column: "users.a",
  text,
}));

async function found(bytes: Buffer, size = 1 << 16) {
  const all: [string, number][] = [];
  for await (const { value, at } of searchStream(createSearch(raw), pieces(bytes, size))) all.push([value.text, at]);
  return all;
}

describe("raw values", () => {
  test.each([1, 2, 7, 8, 9, 16, 31, 1000])("are found in pieces of %i bytes, once each", async (size) => {
    const bytes = Buffer.from(`${"-".repeat(33)}ada@lovelace.orgGrace Hopper\0\0ADA@Lovelace.ORG${"x".repeat(5)}`);
    expect(await found(bytes, size)).toEqual([
      ["ada@lovelace.org", 33],
      ["Grace Hopper", 49],
      ["ada@lovelace.org", 63],
    ]);
  });

  test.each([
    ["JSON", JSON.stringify({ at: raw[2]?.text }), 2],
    ["JSON in COPY's rows", JSON.stringify(raw[2]?.text).replaceAll("\\", "\\\\"), 2],
    ["JSON beyond ASCII", String.raw`{"a":"Zo\u00eb \u00d6sterreich 7"}`, 3],
    ["COPY's rows", String.raw`a\\b\tc\nd e`, 4],
    ["hexadecimal, as bytea is dumped", String.raw`\\x00${Buffer.from("Grace Hopper").toString("hex")}`, 1],
    ["an address of the web", `https://shop/?to=${encodeURIComponent("ada@lovelace.org")}`, 0],
    ["JSON as PHP writes it", String.raw`{"a":"Rue 12\/14, \u00e9tage"}`, 5],
    ["SQL with escapes", String.raw`E'it''s \\ here'`, 6],
  ])("are found in %s", async (_, text, index) => {
    expect((await found(Buffer.from(text))).map(([value]) => value)).toContain(raw[index]?.text);
  });

  test("are looked for without the spaces around them, and never by half a letter", () => {
    const collector = createCollector(() => ({ kind: "text" }));
    const long = `${"Ada K. ".repeat(6)}12345🙂 and more`;
    for (const value of [`  ada@lovelace.org${" ".repeat(50)}`, long]) collector.see(column("t.c"), value, "x");
    expect(collector.values().map(({ text }) => text)).toEqual(["ada@lovelace.org", `${"Ada K. ".repeat(6)}12345`]);
  });

  test("are looked for as they stood in a document, digit for digit", () => {
    const collector = createCollector(() => ({ kind: "json", keys: [] }));
    collector.see(column("t.c", { type: { kind: "json" } }), `{"id":9007199254740993,"of":"a b c d e"}`, "x");
    expect(collector.values().map(({ text }) => text)).toEqual(["a b c d e", "9007199254740993"]);
  });

  test("are not found where only something alike is", async () => {
    expect(await found(Buffer.from("ada@lovelace.or Grace  Hopper ada@lovelace,org"))).toEqual([]);
    expect(await found(Buffer.alloc(0))).toEqual([]);
  });

  test("are told by a hint", () => {
    expect(hint("ada@lovelace.org")).toBe("ad…g (16 characters)");
  });

  test.each<[string, boolean]>([
    ["ada@lovelace.org", true],
    ["Ada K. Lovelace", true],
    ["Rhododendrons", true],
    ["4111111111111111", true],
    ["2024-01-05 12:13:14.123456+00", true],
    ["Lovelace", false],
    ["Ada", false],
    ["12345678", false],
    ["2024-01-05", false],
    ["2024-01-05 00:00:00", false],
    ["--------------", false],
    [name(createKeyed(salt, "name"))("Ada Lovelace", 99), false],
  ])("%s says something where it is found: %s", (value, expected) => {
    expect(identifies(value)).toBe(expected);
  });
});

describe("what is looked for", () => {
  test("are up to 1,000 values of each column, not what is common, unchanged or empty", () => {
    const collector = createCollector(() => ({ kind: "text" }));
    const [email, city] = [column("users.email"), column("users.city")];
    for (let row = 0; row < 20_000; row++) {
      collector.see(email, `person-${row}@mail.org`, "masked");
      collector.see(city, row % 2 ? "Sankt Petersburg 1" : `Rare town ${row}`, "masked");
      collector.see(city, "not available", "not available");
    }
    const values = collector.values();
    expect(values.filter((value) => value.column === "users.email")).toHaveLength(1000);
    expect(values.filter((value) => value.column === "users.city")).toHaveLength(1000);
    expect(values.map(({ text }) => text)).not.toContain("Sankt Petersburg 1");
    expect(values.map(({ text }) => text)).not.toContain("not available");
  });

  test("are the texts inside of documents and arrays that were not kept", () => {
    const keys = [{ key: "land", masking: { kind: "keep" } }] as const;
    const collector = createCollector(({ type }) => (type.kind === "json" ? { kind: "json", keys } : { kind: "text" }));
    collector.see(
      column("a.b", { type: { kind: "json" } }),
      `{"land": "Liechtenstein 1", "x": [{"y": "Ada K. Lovelace"}], "n": 123456789}`,
      "{}",
    );
    collector.see(column("a.c", { isArray: true }), `{"first of all",NULL,"second \\"one\\""}`, "{}");
    expect(
      collector
        .values()
        .map(({ text }) => text)
        .toSorted(),
    ).toEqual(["123456789", "Ada K. Lovelace", "first of all", `second "one"`]);
  });
});
