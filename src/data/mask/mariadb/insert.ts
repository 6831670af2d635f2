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
  literal.lastIndex = 0;
  for (const column of columns) {
    if (at < from || literal.exec(values) === null) return null;
    if (at < from + literal.lastIndex) return column;
    literal.lastIndex += 1;
  }
  return null;
}

function readName(written: string): string {
  return written.slice(1, -1).replaceAll("``", "`");
}

const literal = /'((?:[^'\\]|\\[^]|'')*)'|(NULL)|0x([0-9A-Fa-f]*)|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/y;

/** The values between the parentheses of a row; null for what is no list of plain literals. */
export function readLiterals(values: string): Literal[] | null {
  const found: Literal[] = [];
  literal.lastIndex = 0;
  for (;;) {
    const match = literal.exec(values);
    if (match === null) return null;
    const [, text, isNull, hex, number = ""] = match;
    if (isNull !== undefined) found.push({ kind: "null" });
    else if (text !== undefined) found.push({ kind: "text", text: unescape(text) });
    else if (hex !== undefined) found.push({ kind: "hex", text: hex });
    else found.push({ kind: "number", text: number });
    if (literal.lastIndex === values.length) return found;
    if (values[literal.lastIndex] !== ",") return null;
    literal.lastIndex += 1;
  }
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
