import { EngineError } from "../../../domain/errors.ts";
import { fromBytes } from "../bytes.ts";
import { countLines, type Lines, readLines } from "../lines.ts";
import { createStatements } from "./statements.ts";

/** A part of what `pg_dump` prints; texts are bytes read as Latin-1, so that none is lost. */
export type DumpPart =
  | { kind: "statement"; text: string; line: number }
  /** Rows in COPY's text format follow, until `copied`. */
  | ({ kind: "copy"; text: string; line: number } & CopyTarget)
  | ({ kind: "rows" } & Lines)
  | { kind: "copied" };
export type CopyTarget = { schema: string; table: string; columns: string[] };

const longestStatement = 16 * 1024 * 1024;
const newline = 10;
const endOfRows = Buffer.from("\\.\n");
const endAfterRow = Buffer.from("\n\\.\n");
/** What stands last in a dump that is whole. */
export const complete = "-- PostgreSQL database dump complete";

/**
 * Reads what `pg_dump` prints as plain text, in flat memory. Comments and psql's `\restrict` are left out. Throws
 * EngineError `dump-invalid` with the line for other commands of psql, and for a dump that is cut off.
 */
export async function* readDump(chunks: AsyncIterable<Buffer>): AsyncGenerator<DumpPart> {
  const reader = { sql: createSqlReader(), isCopying: false };
  for await (const lines of readLines(chunks)) yield* readParts(reader, lines);
  if (reader.isCopying || !reader.sql.isComplete())
    throw new EngineError("dump-invalid", "the dump is cut off: its last line is missing");
}

type Reader = { sql: ReturnType<typeof createSqlReader>; isCopying: boolean };

function* readParts(reader: Reader, { bytes, line: first }: Lines): Generator<DumpPart> {
  let line = first;
  for (let at = 0; at < bytes.length;) {
    if (!reader.isCopying) {
      const end = bytes.indexOf(newline, at);
      const text = bytes.toString("latin1", at, end < 0 ? bytes.length : end + 1);
      const parts = reader.sql.take(text, line);
      reader.isCopying = parts.at(-1)?.kind === "copy";
      yield* parts;
      at += text.length;
      line += 1;
      continue;
    }
    const { end, isLast } = findEnd(bytes, at);
    const rows = bytes.subarray(at, end);
    if (rows.length > 0) yield { kind: "rows", bytes: rows, line };
    if (!isLast) return;
    line += countLines(rows) + 1;
    at = end + endOfRows.length;
    reader.isCopying = false;
    yield { kind: "copied" };
  }
}

/** Where the rows end that begin here, and whether more may come with the next bytes. */
function findEnd(bytes: Buffer, at: number): { end: number; isLast: boolean } {
  if (bytes.subarray(at, at + endOfRows.length).equals(endOfRows)) return { end: at, isLast: true };
  const end = bytes.indexOf(endAfterRow, at);
  return end < 0 ? { end: bytes.length, isLast: false } : { end: end + 1, isLast: true };
}

function createSqlReader() {
  const statements = createStatements();
  let isComplete = false;
  let first = 1;
  let length = 0;
  const wrong = (line: number, what: string) => new EngineError("dump-invalid", `line ${line} of the dump ${what}`);
  return {
    isComplete: () => isComplete && statements.isBetween(),
    take(text: string, line: number): DumpPart[] {
      if (statements.isBetween()) {
        isComplete ||= text.startsWith(complete);
        if (/^\\(un)?restrict \w+\s*$/.test(text)) return [];
        first = line;
        length = 0;
      }
      length += text.length;
      if (length > longestStatement) throw wrong(first, "begins a statement of more than 16 MiB");
      const done = statements.take(text);
      if (statements.hasCommand()) throw wrong(line, "has a command of psql");
      const parts = done.map((each) => readPart(each, first));
      if (parts.slice(0, -1).some((part) => part.kind === "copy")) throw wrong(line, "has more than a COPY");
      return parts;
    },
  };
}

function readPart(text: string, line: number): DumpPart {
  if (!/^COPY\b/i.test(text)) return { kind: "statement", text, line };
  const target = readCopy(text);
  if (target === null)
    throw new EngineError("dump-invalid", `line ${line} of the dump has a COPY that is not pg_dump's`);
  return { kind: "copy", text, line, ...target };
}

const identifier = String.raw`"(?:[^"]|"")+"|[^\s".(),]+`;
const copyForm = new RegExp(
  `^COPY (${identifier})\\.(${identifier}) (?:\\(((?:${identifier})(?:, (?:${identifier}))*)\\))? ?FROM stdin;$`,
);

function readCopy(text: string): CopyTarget | null {
  const [, schema, table, columns = ""] = copyForm.exec(text) ?? [];
  if (schema === undefined || table === undefined) return null;
  const names = [...columns.matchAll(new RegExp(identifier, "g"))].map(([name]) => readName(name));
  return { schema: readName(schema), table: readName(table), columns: names };
}

function readName(written: string): string {
  return fromBytes(written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written);
}
