import { InputError } from "../../domain/errors.ts";
import type { Masking, MaskRule } from "../../domain/mask.ts";
import { nearest } from "../../domain/verbs.ts";
import { matchesTable } from "./choose.ts";
import { type Column, tableKey, tableName } from "./column.ts";
import { type Covered, coverage, linesFor, listNames, uncovered, unmatched } from "./coverage.ts";
import { misfits } from "./fits.ts";
import { createMaskers, type MaskValue } from "./mask-value.ts";

/** What is done with the rows of each table, by `schema.table`. */
export type MaskPlan = ReadonlyMap<string, TablePlan>;
export type TablePlan = {
  isEmptied: boolean;
  columns: ReadonlyMap<string, ColumnPlan>;
  /** Names of those that the database computes from others. */
  generated: ReadonlySet<string>;
};
/** `mask: null` leaves it as it is. */
export type ColumnPlan = { column: Column; masking: Masking; mask: MaskValue | null };

export type MaskWish = {
  source: { name: string; sensitive: boolean };
  rules: readonly MaskRule[];
  columns: readonly Column[];
  /** The server's own secret: who has it could test guesses, nobody else can. */
  salt: string;
};

/**
 * The masking of a database whose catalog tells these columns. Throws InputError `mask-invalid` with the place of the
 * first rule that names nothing or does not fit its column, and `mask-incomplete` with the columns of a sensitive
 * source that no rule names: of a dump with a new column nothing is read.
 */
export function planMask({ source, rules, columns, salt }: MaskWish): MaskPlan {
  const [lost, ...moreLost] = unmatched(columns, rules);
  if (lost !== undefined)
    throw invalid(lost, `the mask of ${source.name} names ${describe(lost, columns)}`, moreLost.length);
  const covered = coverage(columns, rules);
  const [misfit, ...moreMisfits] = misfits(covered);
  if (misfit !== undefined)
    throw invalid(misfit.rule, `the mask of ${source.name}: ${misfit.message}`, moreMisfits.length);
  const open = source.sensitive ? uncovered(columns, rules) : [];
  if (open.length > 0) {
    throw new InputError(
      "mask-incomplete",
      `${source.name} is sensitive, and its mask says nothing of ${listNames(open)}: nothing of it is published`,
      { hint: `Say in its mask what each becomes, or keep it:\n${linesFor(open.slice(0, 100))}` },
    );
  }
  const maskerFor = createMaskers(salt);
  const byTable = Map.groupBy(covered, ({ column }) => tableKey(column));
  const generated = Map.groupBy(
    columns.filter((column) => column.generated),
    tableKey,
  );
  return new Map(
    [...byTable].map(([key, own]) => {
      const computed = new Set(generated.get(key)?.map(({ name }) => name));
      return [key, { ...planTable(own, maskerFor), generated: computed }];
    }),
  );
}

function planTable(own: readonly Covered[], maskerFor: ReturnType<typeof createMaskers>): Omit<TablePlan, "generated"> {
  const columns = own.map(({ column, choice }): [string, ColumnPlan] => {
    const masking: Masking = !choice || choice.masking.kind === "truncate" ? { kind: "keep" } : choice.masking;
    return [column.name, { column, masking, mask: masking.kind === "keep" ? null : maskerFor(column, masking) }];
  });
  return {
    isEmptied: own.some(({ choice }) => choice?.masking.kind === "truncate"),
    columns: new Map(columns),
  };
}

function invalid(rule: MaskRule, message: string, more: number): InputError {
  return new InputError("mask-invalid", more > 0 ? `${message} (and ${more} more)` : message, { place: rule.place });
}

/** `users.emial, which is not there. Did you mean "email"?` */
function describe(rule: MaskRule, columns: readonly Column[]): string {
  const inTable = columns.filter((column) => matchesTable(rule.table, column));
  if (inTable.length === 0) {
    const tables = new Set(columns.flatMap((column) => [tableName(column), column.table]));
    return `${rule.table}, which is no table of it${didYouMean(rule.table, [...tables])}`;
  }
  const names = inTable.map(({ name }) => name);
  return `${rule.table}.${rule.column ?? ""}, which is no column of it${didYouMean(rule.column ?? "", names)}`;
}

function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? "" : `. Did you mean "${meant}"?`;
}
