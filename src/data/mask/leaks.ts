import { EngineError } from "../../domain/errors.ts";
import { type Found, hint, type Search, searchStream } from "./search.ts";

/** A raw value in what should be masked: whose it is, where it stands, and enough of it to look it up. */
export type Leak = { column: string; where: string; hint: string };

/** So many are told; where there is one, there are often thousands. */
export const mostLeaks = 20;

export function leakOf({ value }: Pick<Found, "value">, where: string): Leak {
  return { column: value.column, where, hint: hint(value.text) };
}

/** Searches the files that a database has written: its tables, its log of changes, and what it tells. */
export async function searchFiles(
  search: Search,
  files: AsyncIterable<{ path: string; content: AsyncIterable<Buffer> }>,
): Promise<Leak[]> {
  const leaks: Leak[] = [];
  for await (const { path, content } of files) {
    for await (const found of searchStream(search, content)) {
      if (leaks.length < mostLeaks) leaks.push(leakOf(found, `${path}, byte ${found.at}`));
    }
  }
  return leaks;
}

/**
 * Throws EngineError `raw-data-found` with the first place, when there are any. All of them are its cause, with enough of
 * each value to look it up: that is for the operator alone, as the values are.
 */
export function refuseLeaks(source: string, leaks: readonly Leak[]): void {
  const [first] = leaks;
  if (first === undefined) return;
  const told = leaks.map(({ column, where, hint }) => `a value of ${column}, ${hint}, is in ${where}`);
  const more =
    leaks.length === mostLeaks
      ? ` (${mostLeaks} places or more)`
      : leaks.length > 1
        ? ` (and ${leaks.length - 1} more)`
        : "";
  const what = `${source} was masked, but a value of ${first.column} is in ${first.where}${more}`;
  throw new EngineError("raw-data-found", what, { cause: new Error(told.join("\n")) });
}
