import { spawn } from "node:child_process";
import type { Masking, MaskRule } from "../../../src/domain/mask.ts";
import type { Column, ColumnType } from "../../../src/data/mask/column.ts";

const place = { file: "server.yaml", line: 1, column: 1 };

/** A column as a catalog tells it: `column("users.email")`. */
export function column(path: string, own: Partial<Column> = {}): Column {
  const [name = "", table = "", schema = "public"] = path.split(".").toReversed();
  const text: ColumnType = { kind: "text", longest: null };
  const rest = { isArray: false, nullable: true, generated: false, numbered: false, unique: null, refersTo: null };
  return { schema, table, name, type: text, typeName: "text", ...rest, ...own };
}

/** `[table, column, masking]`, or `[table]` for one that is emptied. */
export function rules(...written: [string, string?, (Masking | Masking["kind"])?][]): MaskRule[] {
  return written.map(([table, name, masking], index) => {
    const at = { ...place, line: index + 1 };
    if (name === undefined) return { table, column: null, masking: null, place: at };
    return {
      table,
      column: name,
      masking: (typeof masking === "string" ? { kind: masking } : masking) as Masking,
      place: at,
    };
  });
}

export const salt = "a secret of the tests";

/** The bytes in pieces of that size. */
export async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function textOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

/** Runs a program in a container; what it prints, as it comes. */
export async function* run(container: string, command: string[], input = ""): AsyncGenerator<Buffer> {
  const child = spawn("docker", ["exec", "-i", "-e", "PGPASSWORD=secret", container, ...command]);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  child.stdin.on("error", () => undefined).end(input);
  yield* child.stdout as AsyncIterable<Buffer>;
  if ((await ended) !== 0) throw new Error(complaints);
}
