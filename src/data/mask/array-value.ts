import { endOf } from "./quoted.ts";

const quotes = /\\[^]|"/g;
const ends = /\\[^]|["\\{},]/g;

/**
 * A Postgres array literal (`{a,"b c",NULL}`, of any depth and with bounds) with each element that is not null
 * changed. Undefined for what is no array (PostgreSQL manual, 8.15.6).
 */
export function maskArray(text: string, change: (element: string) => string | null): string | undefined {
  const [bounds = ""] = /^(\[-?\d+:-?\d+\])+=/.exec(text) ?? [];
  let made = bounds;
  let depth = 0;
  for (let at = bounds.length; at < text.length;) {
    const first = text[at] ?? "";
    if (depth === 0 && (made !== bounds || first !== "{")) return undefined;
    if ("{},".includes(first)) {
      if (first === "{") depth += 1;
      if (first === "}") depth -= 1;
      made += first;
      at += 1;
      continue;
    }
    const isQuoted = first === '"';
    const found = isQuoted ? endOf(text, at + 1, quotes) : endOf(text, at, ends);
    if (found < 0 || found === at) return undefined;
    const element = text.slice(isQuoted ? at + 1 : at, found);
    const isNull = !isQuoted && /^null$/i.test(element);
    made += isNull ? element : write(change(element.replaceAll(/\\([^])/g, "$1")));
    at = isQuoted ? found + 1 : found;
  }
  return depth === 0 && made !== bounds ? made : undefined;
}

function write(element: string | null): string {
  return element === null ? "NULL" : `"${element.replaceAll(/["\\]/g, "\\$&")}"`;
}
