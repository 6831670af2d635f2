import { maskKnown } from "./known-values.ts";

const stars = "***";

/** What is looked through: a longer line is cut, and of a longer text the end is kept, which is the newest of a log. */
const longestLine = 4 * 1024;
const longestText = 64 * 1024;

/**
 * Texts that are secrets by their own form; each keeps what stands before the secret. A container writes what these
 * read: none may begin inside a run that it reads to the end, or a hostile line would take its square in time.
 */
const forms: { pattern: RegExp; keep: string }[] = [
  { pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, keep: "" },
  // A key whose beginning is above the lines we have.
  { pattern: /^[A-Za-z0-9+/=\s]*-----END [A-Z ]{0,30}PRIVATE KEY-----/g, keep: "" },
  { pattern: /\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{30,})/g, keep: "" },
  { pattern: /\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, keep: "" },
  { pattern: /\bAIza[\w-]{30,}/g, keep: "" },
  { pattern: /\bxox[a-z]-[A-Za-z0-9-]{10,}/g, keep: "" },
  { pattern: /\b[rsp]k_(live|test)_[A-Za-z0-9]{10,}|\bwhsec_[A-Za-z0-9+/=]{10,}/g, keep: "" },
  { pattern: /\bsk-[\w-]{20,}/g, keep: "" },
  { pattern: /(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{8,4096}(\.[\w-]{0,4096})?/g, keep: "" },
  { pattern: /\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{0,100}:)[^\s@/]{1,200}(?=@)/gi, keep: "$1" },
  {
    pattern:
      /\b((?:proxy-)?authorization["']?\s{0,20}[:=]\s{0,20}["']?(?:(?:basic|bearer|token)\s{1,20})?)[^\s"',;]{4,}/gi,
    keep: "$1",
  },
  { pattern: /\b(bearer\s{1,20})[\w.~+/=-]{12,}/gi, keep: "$1" },
  {
    pattern:
      /((?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)[\w-]{0,40}["']?\s{0,20}[:=]\s{0,20})("[^"\n]{4,}"?|'[^'\n]{4,}'?|[^\s"',;&]{4,})/gi,
    keep: "$1",
  },
];

/**
 * The text with everything masked that is a `known` secret's value or looks like a secret, cut to 64 KiB and its lines
 * to 4 KiB. A guess by form: what must not be told has to be known.
 */
export function maskSecrets(text: string, known: readonly string[]): string {
  // Before the cut, which would leave half of a value that nothing knows.
  const masked = maskKnown(text, known);
  return forms.reduce((rest, { pattern, keep }) => rest.replace(pattern, `${keep}${stars}`), cut(masked));
}

/** Lines masked as one text, since a value may go over several. */
export function maskLines(lines: readonly string[], mask: (text: string) => string): string[] {
  return lines.length === 0 ? [] : mask(lines.join("\n")).split("\n");
}

function cut(text: string): string {
  if (text.length <= longestLine) return text;
  const lines = text.slice(-longestText).split("\n");
  return lines.map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}…` : line)).join("\n");
}
