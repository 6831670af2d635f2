/** A text that stands in the lines after an instruction, up to a line that is its name. */
export type Heredoc = { name: string; chomps: boolean };

/** A heredoc that can only be read in one way: a plain word as its end, quoted or not. */
const plain = /(?<=^|\s)\d*<<(-?)(["']?)([A-Za-z_]\w*)\2(?=\s|$)/g;

/** What makes BuildKit's words differ from ours: quotes, escapes, and braces in which blanks may stand. */
const quoting = /["'\\`]|\$\{/;

/**
 * The heredocs of an instruction in order, and why they could be read otherwise, or null. BuildKit takes `<<WORD` for
 * one in RUN, COPY and ADD, where it stands as a word of its own.
 */
export function findHeredocs(keyword: string, rest: string): { found: Heredoc[]; doubt: string | null } {
  if (!/^(RUN|COPY|ADD)$/.test(keyword) || !rest.includes("<<")) return { found: [], doubt: null };
  const found = [...rest.matchAll(plain)].map(([, dash, , name = ""]) => ({ name, chomps: dash === "-" }));
  const others = rest.replaceAll(plain, marker);
  const last = others.lastIndexOf(marker);
  if (last !== -1 && quoting.test(others.slice(0, last))) return { found, doubt: "there are quotes before a heredoc" };
  // A lone `<<`, or one inside of a word such as `$((1<<2))`, is no heredoc; `<<<` never is.
  const isUnclear = others.split(/\s+/).some((word) => /^["']?\d*<<-?[^<\s]/.test(word));
  return { found, doubt: isUnclear ? "the end of a heredoc is no plain word" : null };
}

const marker = "\u0000";
