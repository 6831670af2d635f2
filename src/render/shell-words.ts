/** The words of a command line, and the operator that ended it early, if one did. Null when a quote never ends. */
export type ShellWords = { words: string[]; endedBy: string | null };

/**
 * Splits a command as Compose does (mattn/go-shellwords): quotes and backslashes, no variables, no `|` or `&&`. An
 * unquoted operator ends the command there, without a word from Compose: callers should tell.
 */
export function splitShellWords(text: string): ShellWords | null {
  const words: string[] = [];
  let word = "";
  let started = false;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === "\\" && quote !== "'") {
      at += 1;
      if (at >= text.length) return null;
      word += text[at];
      started = true;
    } else if (quote !== null) {
      if (char === quote) quote = null;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      started = true;
    } else if (/\s/.test(char)) {
      if (started) words.push(word);
      word = "";
      started = false;
    } else if (char === "(" || char === ")") {
      return null;
    } else if (";&|<>".includes(char)) {
      const isDescriptor = char === ">" && /^\d/.test(word);
      if (started && !isDescriptor) words.push(word);
      return { words, endedBy: char };
    } else {
      word += char;
      started = true;
    }
  }
  if (quote !== null) return null;
  if (started) words.push(word);
  return { words, endedBy: null };
}
