/** The words of a command line, and the operator that ended it early, if one did. Null when a quote never ends. */
export type ShellWords = { words: string[]; endedBy: string | null };

/** What is open at one character; quotes within backquotes count, too. */
type Open = { single: boolean; double: boolean; back: boolean; dollar: boolean };

/**
 * Splits a command as Compose does (mattn/go-shellwords): quotes and backslashes, no variables, no `|` or `&&`. An
 * unquoted operator ends the command there, without a word from Compose: callers should tell. What stands in backquotes
 * or `$( )` stays one word, with them.
 */
export function splitShellWords(text: string): ShellWords | null {
  const words: string[] = [];
  const open: Open = { single: false, double: false, back: false, dollar: false };
  const isOpen = () => open.single || open.double || open.back || open.dollar;
  let word: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    const before: string = word ?? "";
    if (char === "\\" && !open.single) {
      at += 1;
      if (at >= text.length) return null;
      word = before + unescaped(text[at] ?? "");
    } else if (" \t\r\n".includes(char) && !isOpen()) {
      if (word !== null) words.push(word);
      word = null;
    } else if (";&|<>".includes(char) && !isOpen()) {
      const isDescriptor = char === ">" && /^\d/.test(before);
      if (word !== null && !isDescriptor) words.push(word);
      return { words, endedBy: char };
    } else if (char === "(" && !open.single && !open.double && !open.back && (open.dollar || !before.endsWith("$"))) {
      return null;
    } else {
      word = before + (turn(open, char) === "quote" ? "" : char);
    }
  }
  if (isOpen()) return null;
  if (word !== null) words.push(word);
  return { words, endedBy: null };
}

/** Opens or closes what a character opens or closes; only quotes themselves are no part of the word. */
function turn(open: Open, char: string): "quote" | "part" {
  if (char === '"' && !open.single && !open.dollar) {
    open.double = !open.double;
    return "quote";
  }
  if (char === "'" && !open.double && !open.dollar) {
    open.single = !open.single;
    return "quote";
  }
  const isQuoted = open.single || open.double;
  if (char === "`" && !isQuoted && !open.dollar) open.back = !open.back;
  if ((char === "(" || char === ")") && !isQuoted && !open.back) open.dollar = !open.dollar;
  return "part";
}

function unescaped(char: string): string {
  return char === "t" ? "\t" : char === "n" ? "\n" : char;
}
