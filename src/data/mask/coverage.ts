import type { MaskRule } from "../../domain/mask.ts";
import { choose, type Choice, matches, matchesTable } from "./choose.ts";
import { type Column, columnName, tableName } from "./column.ts";

/** What happens to one column; `choice: null` where no rule names it, and it is left as it is. */
export type Covered = { column: Column; choice: Choice | null };

/** What happens to each column. Those that are computed from others are not told: they follow. */
export function coverage(columns: readonly Column[], rules: readonly MaskRule[]): Covered[] {
  return columns.filter(({ generated }) => !generated).map((column) => ({ column, choice: choose(rules, column) }));
}

/** The columns that are neither masked nor kept: of a sensitive source there may be none. */
export function uncovered(columns: readonly Column[], rules: readonly MaskRule[]): Column[] {
  return coverage(columns, rules)
    .filter(({ choice }) => choice === null)
    .map(({ column }) => column);
}

/** The rules that name nothing that is there: of a mistake nobody would hear otherwise. */
export function unmatched(columns: readonly Column[], rules: readonly MaskRule[]): MaskRule[] {
  return rules.filter(
    ({ table, column: pattern }) =>
      !columns.some((column) => matchesTable(table, column) && (pattern === null || matches(pattern, column.name))),
  );
}

/** Lines for `mask:` that name these columns, each with what it is by its type; a person chooses what it becomes. */
export function linesFor(columns: readonly Column[]): string {
  const tables = new Map<string, Column[]>();
  for (const column of columns) tables.set(tableName(column), [...(tables.get(tableName(column)) ?? []), column]);
  return [...tables]
    .map(([table, own]) => `${quote(table)}: { ${own.map(({ name }) => `${quote(name)}: keep`).join(", ")} }`)
    .join("\n");
}

/** At most so many names, and how many more there are. */
export function listNames(columns: readonly Column[], most = 10): string {
  const names = columns.slice(0, most).map(columnName).join(", ");
  return columns.length > most ? `${names} and ${columns.length - most} more` : names;
}

function quote(name: string): string {
  return /^[A-Za-z_][\w.]*$/.test(name) && !/^(null|true|false|yes|no|on|off|y|n)$/i.test(name)
    ? name
    : JSON.stringify(name);
}
