import type { Masking } from "../../domain/mask.ts";
import type { Choice } from "./choose.ts";
import { type Column, columnName, tableKey } from "./column.ts";
import type { Covered } from "./coverage.ts";
import { leastRoom } from "./fakes.ts";

/** Something that a rule says of a column and that cannot be done without harm. */
export type Misfit = { rule: Choice["rule"]; message: string };

/** What the database would refuse, or what would not hold together, before anything is masked. */
export function misfits(all: readonly Covered[]): Misfit[] {
  const byName = new Map(all.map((each) => [`${tableKey(each.column)}.${each.column.name}`, each]));
  return all.flatMap(({ column, choice }) => {
    if (choice === null) return misfitsOfReference(column, null, byName);
    const { masking, rule } = choice;
    const said = masking.kind === "truncate" ? undefined : misfit(column, masking);
    if (said !== undefined) return [{ rule, message: `${columnName(column)} ${said}` }];
    return misfitsOfReference(column, choice, byName);
  });
}

/** What is wrong with a masking of a column; undefined: nothing. */
function misfit(column: Column, masking: Masking): string | undefined {
  const { kind } = masking;
  if (kind === "keep") return undefined;
  if (kind === "null") return column.nullable ? undefined : "may not be null: use another masking than null";
  if (column.numbered && column.unique !== null)
    return `is numbered by the database, which would give numbers of ${kind} a second time: keep it`;
  if (column.unique !== null && !keepsApart.has(kind))
    return `is in the unique index ${column.unique}, and ${kind} may make two values one: use hash, email, username, phone or keep`;
  if (kind === "constant") return undefined;
  if (!accepts(column, kind))
    return `is of type ${typeOf(column)}, which ${kind} does not make: use null, a constant or keep`;
  return tooNarrow(column, masking);
}

const keepsApart = new Set<Masking["kind"]>(["hash", "email", "username", "phone"]);

function accepts({ type }: Column, kind: Masking["kind"]): boolean {
  switch (type.kind) {
    case "text":
      return kind !== "shift";
    case "integer":
      return (
        kind === "number" ||
        (kind === "hash" && type.bits !== 8 && type.bits !== 24) ||
        (kind === "phone" && type.bits === 64)
      );
    case "decimal":
      return kind === "number";
    case "date":
    case "timestamp":
      return kind === "shift";
    case "json":
      return kind === "json" || kind === "text";
    case "uuid":
    case "bytes":
    case "network":
      return kind === "hash";
    case "other":
      return false;
  }
}

function tooNarrow({ type }: Column, masking: Masking): string | undefined {
  if (type.kind === "integer" && masking.kind === "number") {
    const most = type.unsigned ? 2 ** type.bits - 1 : 2 ** (type.bits - 1) - 1;
    const least = type.unsigned ? 0 : -most;
    const isWhole = Math.ceil(masking.from) <= Math.floor(masking.to);
    if (!isWhole || masking.from < least || masking.to > most)
      return `has no room for numbers of [${masking.from}, ${masking.to}]`;
  }
  if (type.kind !== "text" || type.longest === null) return undefined;
  const least = masking.kind in leastRoom ? leastRoom[masking.kind as keyof typeof leastRoom] : 0;
  if (type.longest >= least) return undefined;
  return `has room for ${type.longest} characters, and ${masking.kind} needs ${least} to keep values apart: use text, null, a constant or keep`;
}

/** Both sides of a foreign key become the same, or the reference would lead nowhere. */
function misfitsOfReference(column: Column, choice: Choice | null, byName: ReadonlyMap<string, Covered>): Misfit[] {
  const target = column.refersTo === null ? undefined : byName.get(column.refersTo);
  if (target === undefined || choice?.masking.kind === "truncate" || choice?.masking.kind === "null") return [];
  const [own, other] = [choice?.masking ?? keep, target.choice?.masking ?? keep];
  if (JSON.stringify(own) === JSON.stringify(other)) return [];
  const rule = choice?.rule ?? target.choice?.rule;
  if (rule === undefined) return [];
  const message =
    other.kind === "truncate"
      ? `${columnName(column)} refers to ${target.column.table}, which is emptied: empty its table as well, or make it null`
      : `${columnName(column)} (${own.kind}) refers to ${columnName(target.column)} (${other.kind}): mask both alike`;
  return [{ rule, message }];
}

const keep: Masking = { kind: "keep" };

function typeOf({ typeName, isArray }: Column): string {
  return isArray ? `${typeName}[]` : typeName;
}
