import { fromBytes } from "../bytes.ts";
import { type Leak, leakOf, mostLeaks } from "../leaks.ts";
import { countLines, readLines } from "../lines.ts";
import type { Search } from "../search.ts";
import { columnAt, readInsert } from "./insert.ts";

const newline = 10;

/** Searches what `maskMariadbDump` made: a raw value that is there stands in a column that is kept, or in the schema. */
export async function searchMariadbDump(search: Search, dump: AsyncIterable<Buffer>): Promise<Leak[]> {
  const leaks: Leak[] = [];
  for await (const { bytes, line } of readLines(dump)) {
    if (leaks.length >= mostLeaks) continue;
    for (const found of search.find(bytes, 0, bytes.length)) {
      const at = `line ${line + countLines(bytes.subarray(0, found.at))} of the masked dump`;
      leaks.push(leakOf(found, `${placeOf(bytes, found.at)}, ${at}`));
    }
  }
  return leaks.slice(0, mostLeaks);
}

function placeOf(bytes: Buffer, at: number): string {
  const from = bytes.lastIndexOf(newline, at - 1) + 1;
  const to = bytes.indexOf(newline, at);
  const row = bytes.toString("latin1", from, to < 0 ? bytes.length : to + 1);
  const insert = readInsert(row);
  const column = insert && columnAt(insert, at - from);
  return insert && column != null ? `${fromBytes(insert.table)}.${fromBytes(column)}` : "the schema";
}
