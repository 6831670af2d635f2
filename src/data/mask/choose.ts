import type { Masking, MaskRule } from "../../domain/mask.ts";
import type { Column } from "./column.ts";

/** What is done with a column, and which rule says so; null: no rule names it. */
export type Choice = { masking: Masking | { kind: "truncate" }; rule: MaskRule };

/**
 * The most specific rule for a column. A table that is emptied has none. Among columns' rules the column counts
 * first (a name, then the pattern with more letters), then the table (`schema.table`, then a name, then the pattern
 * with more letters); of two alike the later one holds. So `users: { "*": keep }` does not lift `"*": { email: email }`.
 */
export function choose(rules: readonly MaskRule[], column: Column): Choice | null {
  const ofTable = rules.filter((rule) => matchesTable(rule.table, column));
  const nearest = best(ofTable, ({ table }) => [weigh(table, true)]);
  if (nearest?.column === null) return { masking: { kind: "truncate" }, rule: nearest };
  const ofColumn = ofTable.filter((rule) => rule.column !== null && matches(rule.column, column.name));
  const rule = best(ofColumn, ({ column, table }) => [weigh(column ?? "", false), weigh(table, true)]);
  return rule === undefined || rule.column === null ? null : { masking: rule.masking, rule };
}

/** Whether a rule's table is this one; a pattern without a dot is of any schema. */
export function matchesTable(pattern: string, { schema, table }: Pick<Column, "schema" | "table">): boolean {
  return matches(pattern, pattern.includes(".") ? `${schema}.${table}` : table);
}

/** Whether a text is as the pattern says, where `*` stands for any characters. */
export function matches(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  const known = forms.get(pattern) ?? formOf(pattern);
  forms.set(pattern, known);
  return known.test(text);
}

/** Patterns are the operator's, and few; they are compared with every key of every document. */
const forms = new Map<string, RegExp>();

function formOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

/** What is weightier is more specific. */
function weigh(pattern: string, mayHaveSchema: boolean): number {
  if (pattern.includes("*")) return pattern.replaceAll("*", "").length;
  return mayHaveSchema && pattern.includes(".") ? 2_000_000 : 1_000_000;
}

function best<T>(candidates: readonly T[], weights: (candidate: T) => number[]): T | undefined {
  let found: T | undefined;
  for (const candidate of candidates) {
    if (found === undefined || !isLess(weights(candidate), weights(found))) found = candidate;
  }
  return found;
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((weight, index) => weight !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}
