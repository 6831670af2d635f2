import { isVerb, nearestVerb, type Verb } from "../domain/verbs.ts";

export type Command =
  | { kind: "command"; verb: Verb; argument: string | null }
  | { kind: "misspelled"; said: string; meant: Verb }
  | null;

/**
 * Finds our command in a comment: `/redeploy` or `/preview redeploy` at the start of a line outside quotes and code.
 * Another bot's command is none of ours: only our own verbs and their near misses are answered.
 */
export function parseCommand(body: string): Command {
  for (const line of proseLines(body)) {
    const words = /^\/(preview\s+)?([a-z][a-z-]{1,30})(?:\s+(\S{1,200}))?\s*$/i.exec(line.trimEnd());
    if (words === null) continue;
    const [, prefix, word = "", argument] = words;
    const said = word.toLowerCase();
    if (isVerb(said)) return { kind: "command", verb: said, argument: argument ?? null };
    const meant = nearestVerb(said);
    if (meant !== undefined) return { kind: "misspelled", said, meant };
    if (prefix !== undefined) return { kind: "misspelled", said, meant: "help" };
  }
  return null;
}

function proseLines(body: string): string[] {
  let fenced = false;
  return body
    .slice(0, 10_000)
    .split(/\r?\n/)
    .filter((line) => {
      if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
      return !fenced && !line.startsWith(">") && !line.startsWith("    ");
    });
}
