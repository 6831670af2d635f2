/** Where a reader of SQL is: what has been read of a statement, and what ends the quotes that it is in. */
export type Statements = {
  /** Takes the next line with its end; answers the statements that it completed. */
  take(line: string): string[];
  /** Whether nothing of a statement has been read yet. */
  isBetween(): boolean;
  /** Whether what stands outside of quotes has a backslash: to psql that is a command of its own. */
  hasCommand(): boolean;
};

/** What opens quotes or a comment, ends a statement, nests, or is a word that nests. */
const sign =
  /--[^\n]*|\/\*|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|'|"|[()[\];\\]|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g;

/**
 * Splits SQL into statements as psql does: not at a semicolon in quotes, in comments, in parentheses, or inside of
 * BEGIN ATOMIC … END. Comments are left out. Expects standard_conforming_strings, as pg_dump sets it.
 */
export function createStatements(): Statements {
  let text = "";
  let end: RegExp | null = null;
  let parentheses = 0;
  let blocks = 0;
  let comments = 0;
  let command = false;
  let previous = "";

  const word = (found: string) => {
    const upper = found.toUpperCase();
    const isAtomic = upper === "ATOMIC" && previous === "BEGIN" && /^\s*CREATE\b/i.test(text);
    if (isAtomic || (blocks > 0 && (upper === "CASE" || upper === "BEGIN"))) blocks += 1;
    if (blocks > 0 && upper === "END") blocks -= 1;
    previous = upper;
  };

  /** How far quotes or a comment go that were open at this place of the line. */
  const skip = (line: string, from: number): number => {
    if (comments > 0) {
      const bounds = /\/\*|\*\//g;
      bounds.lastIndex = from;
      for (let match = bounds.exec(line); match !== null; match = bounds.exec(line)) {
        comments += match[0] === "/*" ? 1 : -1;
        if (comments === 0) return bounds.lastIndex;
      }
      return line.length;
    }
    if (end === null) return from;
    end.lastIndex = from;
    let found = end.exec(line);
    // A doubled quote stands for itself.
    while (found?.[0] === "'" && line[end.lastIndex] === "'") {
      end.lastIndex += 1;
      found = end.exec(line);
    }
    const to = found === null ? line.length : end.lastIndex;
    if (found !== null) end = null;
    text += line.slice(from, to);
    return to;
  };

  return {
    take(line) {
      const done: string[] = [];
      let at = skip(line, 0);
      while (at < line.length) {
        sign.lastIndex = at;
        const match = sign.exec(line);
        const found = match?.[0] ?? "";
        text += line.slice(at, match?.index ?? line.length);
        at = match === null ? line.length : sign.lastIndex;
        if (found.startsWith("--")) continue;
        if (found === "/*") comments = 1;
        else text += found;
        if (found === "'") end = /(^|[^\w$])E'$/i.test(text.slice(-3)) ? escapedEnd() : /'/g;
        else if (found === '"') end = /"/g;
        else if (found.startsWith("$")) end = new RegExp(found.replaceAll("$", "\\$"), "g");
        else if (found === "(" || found === "[") parentheses += 1;
        else if (found === ")" || found === "]") parentheses = Math.max(0, parentheses - 1);
        else if (found === "\\") command = true;
        else if (found !== ";") word(found);
        else if (parentheses === 0 && blocks === 0) {
          done.push(text.trim());
          text = "";
          previous = "";
        }
        at = skip(line, at);
      }
      return done;
    },
    isBetween: () => text.trim() === "" && end === null && comments === 0,
    hasCommand: () => command,
  };
}

/** A quote that no backslash stands before, or an even number of them. */
function escapedEnd(): RegExp {
  return /(?<=(?:^|[^\\])(?:\\\\)*)'/g;
}
