import { excerpt } from "../../config/excerpt.ts";
import type { Finding, Place } from "../../domain/errors.ts";
import { refuse } from "../findings.ts";

/**
 * What ADD may not take: the builder would fetch a URL or git repository from the host's own network. `rest` is the
 * instruction without its flags.
 */
export function addFindings(rest: string, at: Place): Finding[] {
  return sourcesOf(rest).flatMap((source) => {
    const why = reasonAgainst(source);
    if (why === null) return [];
    const hint = "COPY a file that is committed, or fetch it with RUN curl, which runs in the build's own network.";
    return [refuse(at, "add-source", `ADD takes ${excerpt(source)}, ${why}`, hint)];
  });
}

/** All but the last word, or all but the last text of a JSON list. */
function sourcesOf(rest: string): string[] {
  try {
    const list: unknown = JSON.parse(rest);
    if (Array.isArray(list)) return list.slice(0, -1).map(String);
  } catch {
    // Not a list: words, as BuildKit goes on as well.
  }
  return rest.split(/\s+/).slice(0, -1);
}

/** Git addresses as BuildKit knows them: by scheme, `user@host:path`, `github.com/…`, or a name that ends in `.git`. */
function reasonAgainst(source: string): string | null {
  const plain = source.replace(/^\d*<<-?(["']?)\w+\1$/, "");
  if (/[$"'\\`]/.test(plain)) return "which holds a variable, quote or escape";
  if (/:\/\//.test(plain) || /^(https?|ftp|git):/i.test(plain)) return "which is fetched by the builder";
  const isGit = /^[^/]*@[^/]*:/.test(plain) || /^github\.com\//i.test(plain) || /[^/]\.git([#?]|$)/i.test(plain);
  return isGit ? "which is the address of a git repository" : null;
}
