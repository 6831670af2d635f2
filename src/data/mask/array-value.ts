/**
 * A Postgres array literal (`{a,"b c",NULL}`, of any depth and with bounds) with each element that is not null
 * changed. Undefined for what is no array (PostgreSQL manual, 8.15.6).
 */
export function maskArray(text: string, change: (element: string) => string | null): string | undefined {
  const [bounds = ""] = /^(\[-?\d+:-?\d+\])+=/.exec(text) ?? [];
  const literal = text.slice(bounds.length);
  const token = /"((?:[^"\\]|\\[\s\S])*)"|[{},]|((?:[^"\\{},]|\\[\s\S])+)/y;
  let made = "";
  let depth = 0;
  for (token.lastIndex = 0; token.lastIndex < literal.length;) {
    const match = token.exec(literal);
    if (!match || (depth === 0 && token.lastIndex > 1)) return undefined;
    const [all, quoted, plain] = match;
    if (all === "{") depth += 1;
    if (all === "}") depth -= 1;
    const isNull = plain !== undefined && /^null$/i.test(plain);
    const isElement = quoted !== undefined || (plain !== undefined && !isNull);
    if (isElement && depth === 0) return undefined;
    made += isElement ? write(change((quoted ?? plain ?? "").replaceAll(/\\([\s\S])/g, "$1"))) : all;
  }
  return depth === 0 && made !== "" ? bounds + made : undefined;
}

function write(element: string | null): string {
  return element === null ? "NULL" : `"${element.replaceAll(/["\\]/g, "\\$&")}"`;
}
