import { EngineError } from "../../../domain/errors.ts";
import { fromBytes, toBytes } from "../bytes.ts";
import type { Collector } from "../collect.ts";
import { columnName, type Column, tableKey } from "../column.ts";
import type { MaskValue } from "../mask-value.ts";
import type { MaskPlan } from "../plan.ts";
import { copyNull, readField, writeField } from "./copy-row.ts";
import { complete, type CopyTarget, readDump } from "./read-dump.ts";
import { nameOf, verdictOf } from "./verdict.ts";

/** How many values one field of each row goes through; null: it stays. */
type Field = { column: Column; mask: MaskValue } | null;
type Copying = { name: string; fields: readonly Field[]; isEmptied: boolean; isUntouched: boolean };

/**
 * The dump with every value masked as the plan says, row by row as it comes, in flat memory; `collector` sees what
 * was there. Rows of tables and columns that the plan does not know stop it, as does every statement that is not known
 * to carry no data. Throws EngineError `dump-invalid` with table, column and line, and never a value.
 */
export async function* maskPostgresDump(
  dump: AsyncIterable<Buffer>,
  plan: MaskPlan,
  collector: Collector,
): AsyncGenerator<Buffer> {
  let copying: Copying | null = null;
  for await (const part of readDump(dump)) {
    if (part.kind === "statement") {
      const verdict = verdictOf(part.text);
      if (verdict === "refuse") {
        throw new EngineError(
          "dump-invalid",
          `line ${part.line} of the dump has ${nameOf(part.text)}, which may carry data`,
        );
      }
      if (verdict === "pass") yield Buffer.from(`${part.text}\n`, "latin1");
    } else if (part.kind === "copy") {
      copying = beginCopy(part, plan, part.line);
      yield Buffer.from(`${part.text}\n`, "latin1");
    } else if (part.kind === "copied") {
      yield Buffer.from("\\.\n");
    } else if (copying !== null && !copying.isEmptied) {
      yield copying.isUntouched
        ? part.bytes
        : maskRows(part.bytes.toString("latin1"), part.line, { copying, collector });
    }
  }
  yield Buffer.from(`${complete}\n`);
}

function beginCopy(target: CopyTarget, plan: MaskPlan, line: number): Copying {
  const name = `${target.schema}.${target.table}`;
  const table = plan.get(tableKey(target));
  const fields = target.columns.map((column): Field => {
    const known = table?.columns.get(column);
    if (known === undefined) throw unknownTo(`${name}.${column}`, line);
    return known.mask === null ? null : { column: known.column, mask: known.mask };
  });
  // A table without columns has rows, and none that the catalog could tell: each is looked at, and may hold nothing.
  const isUntouched = fields.length > 0 && fields.every((field) => field === null);
  return { name, fields, isEmptied: table?.isEmptied ?? false, isUntouched };
}

function unknownTo(what: string, line: number): EngineError {
  return new EngineError(
    "dump-invalid",
    `line ${line} of the dump has rows of ${what}, which its catalog did not tell`,
  );
}

function maskRows(
  text: string,
  first: number,
  { copying, collector }: { copying: Copying; collector: Collector },
): Buffer {
  const { fields, name } = copying;
  const rows = text.endsWith("\n") ? text.slice(0, -1).split("\n") : text.split("\n");
  for (const [index, row] of rows.entries()) {
    const values = row.split("\t");
    if (values.length !== fields.length && (fields.length > 0 || row !== "")) {
      const found = `${values.length} values in place of ${fields.length}`;
      throw new EngineError("dump-invalid", `line ${first + index} of the dump, a row of ${name}, has ${found}`);
    }
    for (const [at, field] of fields.entries()) {
      const value = values[at] ?? copyNull;
      if (field === null || value === copyNull) continue;
      values[at] = maskField(value, field, { collector, line: first + index });
    }
    rows[index] = values.join("\t");
  }
  return Buffer.from(`${rows.join("\n")}\n`, "latin1");
}

function maskField(written: string, field: NonNullable<Field>, at: { collector: Collector; line: number }): string {
  const value = fromBytes(readField(written));
  const masked = field.mask(value);
  if (masked === undefined) {
    const what = `line ${at.line} of the dump: a value of ${columnName(field.column)} is not of the form that its masking needs`;
    throw new EngineError("dump-invalid", what);
  }
  at.collector.see(field.column, value, masked);
  return masked === null ? copyNull : writeField(toBytes(masked));
}
