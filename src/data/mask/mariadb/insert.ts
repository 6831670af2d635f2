import { endOf } from "../quoted.ts";

/** A literal of a row as mariadb-dump writes it; `text` is its bytes as Latin-1. */
export type Literal = { kind: "null" } | { kind: "text" | "number" | "hex"; text: string };

/** `from`: where in the line its values begin. */
export type Insert = { table: string; columns: string[]; values: string; from: number };

const name = "`(?:[^`]|``)+`";
const form = new RegExp(`^INSERT INTO (${name}) \\((${name}(?:, ${name})*)\\) VALUES \\((.*)\\);\\r?\\n?$`, "s");

/** `INSERT INTO t (a, b) VALUES (…);`, or null for anything else. */
export function readInsert(line: string): Insert | null {
  const [, table, columns = "", values] = form.exec(line) ?? [];
  if (table === undefined || values === undefined) return null;
  return {
    table: readName(table),
    columns: [...columns.matchAll(new RegExp(name, "g"))].map(([each]) => readName(each)),
    values,
    from: `INSERT INTO ${table} (${columns}) VALUES (`.length,
  };
}

/** The column whose value is at this place of the line; null where none is. */
export function columnAt({ columns, values, from }: Insert, at: number): string | null {
  let end = -1;
  for (const column of columns) {
    const next = readLiteral(values, end + 1);
    if (at < from || next === null) return null;
    end = next.end;
    if (at < from + end) return column;
  }
  return null;
}

function readName(written: string): string {
  return written.slice(1, -1).replaceAll("``", "`");
}

/** The values between the parentheses of a row; null for what is no list of plain literals. */
export function readLiterals(values: string): Literal[] | null {
  const found: Literal[] = [];
  for (let from = 0; ;) {
    const next = readLiteral(values, from);
    if (next === null) return null;
    const { kind, written, end } = next;
    found.push(kind === "null" ? { kind } : { kind, text: kind === "text" ? unescape(written) : written });
    if (end === values.length) return found;
    if (values[end] !== ",") return null;
    from = end + 1;
  }
}

const quotes = /\\[^]|''?/g;
const plain = /(NULL)|0x([0-9A-Fa-f]*)|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/y;

/** The one that begins there, as it is written, and where it ends; null where none begins. */
function readLiteral(values: string, from: number): { kind: Literal["kind"]; written: string; end: number } | null {
  if (values[from] === "'") {
    const end = endOf(values, from + 1, quotes);
    return end < 0 ? null : { kind: "text", written: values.slice(from + 1, end), end: end + 1 };
  }
  plain.lastIndex = from;
  const match = plain.exec(values);
  if (match === null) return null;
  const [all, isNull, hex] = match;
  const kind = isNull !== undefined ? "null" : hex !== undefined ? "hex" : "number";
  return { kind, written: hex ?? all, end: plain.lastIndex };
}

const readAs: Record<string, string> = { "0": "\0", b: "\b", n: "\n", r: "\r", t: "\t", Z: "\u001a" };

function unescape(written: string): string {
  return written.replaceAll(/\\([^])|''/g, (_, letter?: string) =>
    letter === undefined ? "'" : (readAs[letter] ?? letter),
  );
}

const writeAs: Record<string, string> = { "\0": "0", "\n": "n", "\r": "r", "\u001a": "Z" };

export function writeLiteral(value: Literal): string {
  if (value.kind === "null") return "NULL";
  if (value.kind === "number") return value.text;
  if (value.kind === "hex") return value.text === "" ? "''" : `0x${value.text}`;
  // oxlint-disable-next-line no-control-regex -- what the client would read otherwise
  return `'${value.text.replaceAll(/[\0\n\r\u001a'"\\]/g, (letter) => `\\${writeAs[letter] ?? letter}`)}'`;
}
