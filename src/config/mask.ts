import { z } from "zod";
import { type Masking, type MaskRule, type PlainMasking, plainMaskings } from "../domain/mask.ts";
import type { Place } from "../domain/errors.ts";
import { parseDuration } from "../domain/time.ts";
import { nearest } from "../domain/verbs.ts";
import { excerpt } from "./excerpt.ts";
import type { Path } from "./yaml-node.ts";

/** `mask:` of a source: by table, then by column; a table may also be `truncate` or `keep` as a whole. */
export const Mask = z.record(z.string().min(1, "must not be empty"), z.unknown().transform(readTable));
export type Mask = z.infer<typeof Mask>;

type Table = "truncate" | "keep" | Record<string, Masking>;
type Issues = { addIssue(issue: { code: "custom"; message: string; path: PropertyKey[]; input: unknown }): void };

/** The rules in the order written; `placeAt` finds what stands at a path inside of the mask. */
export function readMask(mask: Mask, placeAt: (path: Path) => Place): MaskRule[] {
  return Object.entries(mask).flatMap(([table, columns]): MaskRule[] => {
    if (columns === "truncate") return [{ table, column: null, masking: null, place: placeAt([table]) }];
    if (columns === "keep") return [{ table, column: "*", masking: { kind: "keep" }, place: placeAt([table]) }];
    return Object.entries(columns).map(([column, masking]) => ({
      table,
      column,
      masking,
      place: placeAt([table, column]),
    }));
  });
}

/** What rules do, without where they are written: other rules are other data. */
export function describeMask(rules: readonly MaskRule[]): string {
  return JSON.stringify(rules.map(({ table, column, masking }) => [table, column, masking]));
}

function readTable(written: unknown, context: Issues): Table {
  if (written === "truncate" || written === "keep") return written;
  const refuse = (message: string) => context.addIssue({ code: "custom", message, path: [], input: written });
  if (typeof written === "string") {
    refuse(`is ${unknown(written, ["truncate", "keep"])}, and no map of its columns`);
    return {};
  }
  if (!isMap(written)) {
    refuse("must be a map of its columns, truncate or keep");
    return {};
  }
  return Object.fromEntries(
    Object.entries(written).flatMap(([column, rule]) => {
      const masking = readRule(rule);
      if (typeof masking !== "string") return [[column, masking]];
      context.addIssue({ code: "custom", message: masking, path: [column], input: rule });
      return [];
    }),
  );
}

/** The masking, or what is wrong with it. */
function readRule(written: unknown): Masking | string {
  // Written without quotes, null is no text in YAML.
  if (written === null) return { kind: "null" };
  if (typeof written === "string") {
    if (plainMaskings.some((each) => each === written)) return { kind: written as PlainMasking };
    if (written === "truncate") return "is truncate, which is for a whole table";
    return `is ${unknown(written, [...plainMaskings, ...longForms])}`;
  }
  const [[form, value] = ["", null], ...more] = isMap(written) ? Object.entries(written) : [];
  if (more.length > 0 || !isMap(written)) return forms;
  if (form === "number") return readNumber(value);
  if (form === "shift") return readShift(value);
  if (form === "constant") return readConstant(value);
  if (form === "json") return readJson(value);
  return form === "" ? forms : `is ${unknown(form, longForms)}`;
}

const longForms = ["number", "shift", "constant", "json"] as const;
const forms = `must be ${plainMaskings.join(", ")}, { number: [1, 99] }, { shift: 30d }, { constant: VALUE } or { json: { KEY: … } }`;

function readNumber(value: unknown): Masking | string {
  const [from, to, more]: unknown[] = Array.isArray(value) ? value : [];
  const isRange = typeof from === "number" && typeof to === "number" && more === undefined;
  if (!isRange || from > to || !Number.isFinite(to - from)) return "must be a range such as { number: [18, 99] }";
  return { kind: "number", from, to };
}

const dayMs = 86_400_000;

function readShift(value: unknown): Masking | string {
  const days = (typeof value === "string" ? (parseDuration(value) ?? 0) : 0) / dayMs;
  return Number.isInteger(days) && days > 0 ? { kind: "shift", days } : "must be whole days, such as { shift: 30d }";
}

function readConstant(value: unknown): Masking | string {
  if (value === null) return "has no value: write null in place of { constant: null }";
  return { kind: "constant", value: typeof value === "string" ? value : JSON.stringify(value) };
}

function readJson(value: unknown): Masking | string {
  if (!isMap(value)) return "must be a map of keys, such as { json: { email: email } }";
  const keys: { key: string; masking: Masking }[] = [];
  for (const [key, rule] of Object.entries(value)) {
    const masking = readRule(rule);
    if (typeof masking === "string") return `has a key ${excerpt(key)} that ${masking}`;
    if (masking.kind === "json")
      return `has a key ${excerpt(key)} with a json of its own: name the inner keys beside it`;
    keys.push({ key, masking });
  }
  return { kind: "json", keys };
}

function unknown(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return `"${excerpt(word)}", which is no masking${meant === undefined ? `: ${known.join(", ")}` : `. Did you mean "${meant}"?`}`;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
