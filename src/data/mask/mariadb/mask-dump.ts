import { EngineError } from "../../../domain/errors.ts";
import { fromBytes, toBytes } from "../bytes.ts";
import type { Collector } from "../collect.ts";
import { columnName } from "../column.ts";
import { readLines } from "../lines.ts";
import type { ColumnPlan, MaskPlan } from "../plan.ts";
import { readInsert, readLiterals, type Literal, writeLiteral } from "./insert.ts";

/** What stands last in a dump that is whole. */
const complete = "-- Dump completed";
/** Statements that carry no rows: settings, definitions, and what takes them away before. A line of a longer one goes on. */
const passing =
  /^(\/\*M?!\d+\s*(\\- enable|(SET|DROP|CREATE|ALTER|PARTITION)\b)|SET |COMMIT;|(DROP|CREATE) (TABLE|SEQUENCE|VIEW)\b|DO SETVAL\()/;

type Masking = { plan: MaskPlan; collector: Collector };

/**
 * A dump of MariaDB or MySQL, made with `mariadbDumpOptions`, with every value masked as the plan says, row by row. What
 * is computed is left to the database. Bodies of routines pass between their own DELIMITERs; comments are left out.
 * Throws EngineError `dump-invalid` with table, column and line, and never a value.
 */
export async function* maskMariadbDump(
  dump: AsyncIterable<Buffer>,
  plan: MaskPlan,
  collector: Collector,
): AsyncGenerator<Buffer> {
  const state = { isComplete: false, isRoutine: false, isStatement: false };
  for await (const { bytes, line: first } of readLines(dump)) {
    let made = "";
    const lines = bytes.toString("latin1").split(/(?<=\n)/);
    for (const [index, text] of lines.entries()) made += maskLine(text, first + index, { state, plan, collector });
    if (made !== "") yield Buffer.from(made, "latin1");
  }
  if (!state.isComplete || state.isRoutine || state.isStatement)
    throw new EngineError("dump-invalid", "the dump is cut off: its last line is missing");
  yield Buffer.from(`${complete}\n`);
}

type State = { isComplete: boolean; isRoutine: boolean; isStatement: boolean };

function maskLine(text: string, line: number, masking: Masking & { state: State }): string {
  const { state } = masking;
  if (text.startsWith("DELIMITER ")) {
    state.isRoutine = text.trim() !== "DELIMITER ;";
    return text;
  }
  if (!state.isStatement && ofDatabase.exec(text)?.[1] === (state.isRoutine ? ";;" : ";")) return "";
  if (state.isRoutine) return withoutDefiner(text);
  if (state.isStatement) {
    state.isStatement = !/;\s*$/.test(text);
    return withoutDefiner(text).replace(connection, "$1");
  }
  if (text.startsWith("--") || text.trim() === "") {
    state.isComplete ||= text.startsWith(complete);
    return "";
  }
  if (text.startsWith("INSERT ")) return maskInsert(text, line, masking);
  if (!passing.test(text))
    throw wrong(
      line,
      `has ${text
        .slice(0, 30)
        .replace(/[^\w !/*].*/s, "")
        .trim()}, which may carry data`,
    );
  state.isStatement = !/;\s*$|\\- enable the sandbox mode \*\/\s*$/.test(text);
  return text;
}

/** Around what was made before the database had another character set: it names a database that is nowhere else. */
const ofDatabase = /^ALTER DATABASE `(?:[^`]|``)+` CHARACTER SET \w+ COLLATE \w+ (;;?)\s*$/;
/** Of a federated table: where it is, with its password. A quote before another one ends no text, so that there is one way to read it. */
const connection = /^(\) ENGINE=(?:'(?:[^'\\]|\\.|'')*'(?!')|[^'])*?) CONNECTION='(?:[^'\\]|\\.|'')*'(?!')/;

const account = "`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?";
/** Of a routine; of a view; of a trigger or an event. */
const definers = new RegExp(
  `^(CREATE )DEFINER=${account} |^(/\\*!\\d+ )DEFINER=${account} (?=SQL SECURITY)|^(/\\*!\\d+ CREATE\\*/ )/\\*!\\d+ DEFINER=${account} ?\\*/ `,
);

/** Who made it is nobody where it is loaded: then it is whose it is that loads it. */
function withoutDefiner(text: string): string {
  return text.replace(definers, (_, ...kept: (string | undefined)[]) => kept.slice(0, 3).join(""));
}

function maskInsert(text: string, line: number, { plan, collector }: Masking): string {
  const insert = readInsert(text);
  const values = insert && readLiterals(insert.values);
  if (!insert || !values) throw wrong(line, "has an INSERT that is not of one row of plain values");
  const name = fromBytes(insert.table);
  const table = plan.get(`.${name}`);
  if (table === undefined) throw wrong(line, `has rows of ${name}, which its catalog did not tell`);
  if (values.length !== insert.columns.length)
    throw wrong(line, `has ${values.length} values in place of ${insert.columns.length} in a row of ${name}`);
  if (table.isEmptied) return "";
  const written = insert.columns.map((written, index) => {
    const column = fromBytes(written);
    const value = values[index] ?? { kind: "null" };
    if (table.generated.has(column)) return "DEFAULT";
    const known = table.columns.get(column);
    if (known === undefined) throw wrong(line, `has values of ${name}.${column}, which its catalog did not tell`);
    return writeLiteral(maskLiteral(value, known, { collector, line }));
  });
  return `${text.slice(0, insert.from)}${written.join(",")});\n`;
}

function maskLiteral(
  value: Literal,
  known: ColumnPlan,
  { collector, line }: { collector: Collector; line: number },
): Literal {
  const { column, mask } = known;
  if (mask === null || value.kind === "null") return value;
  const isBytes = column.type.kind === "bytes";
  const raw = isBytes
    ? `\\x${value.kind === "hex" ? value.text : ""}`
    : fromBytes(value.kind === "hex" ? fromHex(value.text) : value.text);
  // No bytes are written as an empty text.
  const masked = isBytes && raw === "\\x" ? raw : mask(raw);
  if (masked === undefined)
    throw wrong(line, `has a value of ${columnName(column)} that is not of the form its masking needs`);
  collector.see(column, raw, masked);
  if (masked === null) return { kind: "null" };
  if (isBytes) return { kind: "hex", text: masked.slice(2) };
  const isNumber = value.kind === "number" && /^-?[\d.]+$/.test(masked);
  return { kind: isNumber ? "number" : "text", text: toBytes(masked) };
}

function fromHex(hex: string): string {
  return Buffer.from(hex, "hex").toString("latin1");
}

function wrong(line: number, what: string): EngineError {
  return new EngineError("dump-invalid", `line ${line} of the dump ${what}`);
}
