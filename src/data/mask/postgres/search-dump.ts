import { countLines } from "../lines.ts";
import { type Leak, leakOf, mostLeaks } from "../leaks.ts";
import type { Search } from "../search.ts";
import { type CopyTarget, readDump } from "./read-dump.ts";

const newline = 10;
const tab = 9;

/**
 * Searches what `maskPostgresDump` made: a raw value that is there stands in a column that is kept, or in the schema.
 * Throws EngineError `dump-invalid`.
 */
export async function searchPostgresDump(search: Search, dump: AsyncIterable<Buffer>): Promise<Leak[]> {
  const leaks: Leak[] = [];
  let target: CopyTarget | null = null;
  for await (const part of readDump(dump)) {
    if (leaks.length >= mostLeaks) continue;
    if (part.kind === "copy") target = part;
    if (part.kind === "statement") {
      const bytes = Buffer.from(part.text, "latin1");
      const found = search.find(bytes, 0, bytes.length);
      leaks.push(...found.map((each) => leakOf(each, `the schema, line ${part.line} of the masked dump`)));
    }
    if (part.kind !== "rows") continue;
    for (const found of search.find(part.bytes, 0, part.bytes.length)) {
      leaks.push(leakOf(found, placeOf(part, found.at, target)));
    }
  }
  return leaks.slice(0, mostLeaks);
}

function placeOf({ bytes, line }: { bytes: Buffer; line: number }, at: number, target: CopyTarget | null): string {
  const before = bytes.subarray(0, at);
  const row = before.subarray(before.lastIndexOf(newline) + 1);
  const index = row.filter((byte) => byte === tab).length;
  const name = [target?.schema, target?.table, target?.columns[index]].join(".");
  return `${name}, line ${line + countLines(before)} of the masked dump`;
}
