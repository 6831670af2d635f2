import type { Place } from "./errors.ts";

/** What becomes of the values of a column; null stays null, and empty stays empty. */
export type Masking =
  | { kind: PlainMasking }
  /** A number of this range; the same value becomes the same number. */
  | { kind: "number"; from: number; to: number }
  /** A date moved by at most so many days, back or forth. */
  | { kind: "shift"; days: number }
  | { kind: "constant"; value: string }
  /** Every text and number inside of a JSON document: by the name of the nearest key that is told, else as `text`. */
  | { kind: "json"; keys: readonly { key: string; masking: Masking }[] };

/** The maskings that are a word and nothing more. */
export const plainMaskings = [
  "email",
  "username",
  "name",
  "first_name",
  "last_name",
  "phone",
  "address",
  "text",
  "hash",
  "null",
  "keep",
] as const;
export type PlainMasking = (typeof plainMaskings)[number];

/**
 * One line of a source's `mask`, in the order written. `table` and `column` are patterns in which `*` stands for any
 * characters; a table with a dot is `schema.table`, one without is in any schema. `column: null` empties the table.
 */
export type MaskRule = { table: string; place: Place } & (
  | { column: string; masking: Masking }
  | { column: null; masking: null }
);
