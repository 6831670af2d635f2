import type { Masking } from "../../domain/mask.ts";
import { maskArray } from "./array-value.ts";
import { type Column, columnName } from "./column.ts";
import { copy } from "./bytes.ts";
import { isMadeUp } from "./fakes.ts";
import { maskJson } from "./json-value.ts";
import type { MaskPlan } from "./plan.ts";

/** A value that was masked away, to be looked for; it is never told in full. */
export type RawValue = { column: string; text: string };

/** Sees what was masked and keeps some of it, so much at most, to look for it afterwards. */
export type Collector = {
  see(column: Column, raw: string, masked: string | null): void;
  /** The values that are looked for. */
  values(): RawValue[];
};

/** Of all columns together; of many columns fewer of each. */
const mostValues = 20_000;
/** Of each column. Which ones is decided by a hash of the value: any value is as likely as another, however often it comes. */
const mostOfColumn = 1000;
/** Of a longer value its beginning is looked for: a database may compress the rest, or store it elsewhere. */
const longest = 48;

type Sample = { counts: Map<string, number>; rows: number; below: number; masking: Masking };

/**
 * Keeps up to 1,000 raw values of each column, in flat memory. What is too short, too common or nobody's is not looked
 * for: see `identifies`, and a value in more than ten rows and one of a thousand of its column is a category.
 */
export function createCollector(maskingOf: (column: Column) => Masking): Collector {
  const samples = new Map<Column, Sample>();
  const sampleOf = (column: Column): Sample => {
    const found = samples.get(column) ?? { counts: new Map(), rows: 0, below: 2 ** 32, masking: maskingOf(column) };
    samples.set(column, found);
    return found;
  };
  return {
    see(column, raw, masked) {
      if (raw === masked) return;
      const sample = sampleOf(column);
      sample.rows += 1;
      for (const value of leaves(column, raw, sample.masking)) count(sample, beginningOf(value));
    },
    values() {
      const found = new Map<string, RawValue>();
      const most = Math.min(mostOfColumn, Math.ceil(mostValues / Math.max(1, samples.size)));
      for (const [column, { counts, rows }] of samples) {
        const common = Math.max(10, rows / 1000);
        const own = [...counts]
          .filter(([, times]) => times <= common)
          .toSorted(byHash)
          .slice(0, most);
        for (const [text] of own) found.set(text, found.get(text) ?? { column: columnName(column), text });
      }
      return [...found.values()];
    },
  };
}

/** The masking of each column of a plan, as `createCollector` asks for it. */
export function maskingIn(plan: MaskPlan): (column: Column) => Masking {
  const maskings = new Map(
    [...plan.values()].flatMap(({ columns }) =>
      [...columns.values()].map(({ column, masking }) => [column, masking] as const),
    ),
  );
  return (column) => maskings.get(column) ?? { kind: "text" };
}

/** Without what columns of a fixed length add to it, and not ending in half a letter, which is written nowhere. */
function beginningOf(value: string): string {
  return value
    .trim()
    .slice(0, longest)
    .replace(/[\uD800-\uDBFF]$/, "");
}

function count(sample: Sample, value: string): void {
  if (hashOf(value) >= sample.below || !identifies(value)) return;
  const times = sample.counts.get(value);
  // A part of a text keeps all of it in memory, and this one stays.
  sample.counts.set(times === undefined ? copy(value) : value, (times ?? 0) + 1);
  if (sample.counts.size <= 2 * mostOfColumn) return;
  // What is left out now never comes back, so that what stays was counted from its first time on.
  const kept = [...sample.counts].toSorted(byHash).slice(0, mostOfColumn);
  sample.below = hashOf(kept.at(-1)?.[0] ?? "") + 1;
  sample.counts = new Map(kept);
}

function byHash([a]: [string, number], [b]: [string, number]): number {
  return hashOf(a) - hashOf(b);
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/**
 * Whether to find a value says something: eight characters or more (of a number nine digits, of a single word of
 * letters twelve), not a day or a full second, not one character over and over, and no name that a fake bears as well.
 */
export function identifies(value: string): boolean {
  const text = value.trim();
  if (text.length < 8 || new Set(text).size < 2) return false;
  if (/^[-+]?[\d.,]+$/.test(text)) return text.replaceAll(/\D/g, "").length >= 9;
  if (/^\p{L}+$/u.test(text)) return text.length >= 12;
  if (/^\d{4,6}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.0+)?([+-]\d\d(:?\d\d)?)?)?$/.test(text)) return false;
  return !isMadeUp(text);
}

function leaves({ isArray, type }: Column, value: string, masking: Masking): string[] {
  const found: string[] = [];
  const isDocument = masking.kind === "json" || (masking.kind === "text" && type.kind === "json");
  const take = (text: string) => {
    if (isDocument) found.push(...textsIn(text, masking));
    else found.push(text);
    return null;
  };
  if (isArray) maskArray(value, take);
  else take(value);
  return found;
}

function textsIn(document: string, masking: Masking): string[] {
  const found: string[] = [];
  const leaf = (value: string) => found.push(value);
  try {
    maskJson(document, masking.kind === "json" ? masking.keys : [], { leaf, key: (name) => name });
  } catch {
    // Whoever masks it tells that it is no JSON.
  }
  return found;
}
