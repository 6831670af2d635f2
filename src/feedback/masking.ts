const mask = "***";

/** Shorter values ("1", "on") would black out half of every log. */
const shortestKnown = 4;

/** Texts that are secrets by their own form; each keeps what stands before the secret. */
const forms: { pattern: RegExp; keep: string }[] = [
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, keep: "" },
  // A key whose beginning is above the lines we have.
  { pattern: /^[A-Za-z0-9+/=\s]*-----END [A-Z ]*PRIVATE KEY-----/g, keep: "" },
  { pattern: /\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{30,})/g, keep: "" },
  { pattern: /\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, keep: "" },
  { pattern: /\bAIza[\w-]{30,}/g, keep: "" },
  { pattern: /\bxox[a-z]-[A-Za-z0-9-]{10,}/g, keep: "" },
  { pattern: /\b[rsp]k_(live|test)_[A-Za-z0-9]{10,}|\bwhsec_[A-Za-z0-9+/=]{10,}/g, keep: "" },
  { pattern: /\bsk-[\w-]{20,}/g, keep: "" },
  { pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}(\.[\w-]*)?/g, keep: "" },
  { pattern: /\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{0,100}:)[^\s@/]{1,200}(?=@)/gi, keep: "$1" },
  {
    pattern: /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|token)\s+)?)[^\s"',;]{4,}/gi,
    keep: "$1",
  },
  { pattern: /\b(bearer\s+)[\w.~+/=-]{12,}/gi, keep: "$1" },
  {
    pattern:
      /([\w-]{0,60}(?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)[\w-]{0,40}["']?\s*[:=]\s*)("[^"\n]{4,}"|'[^'\n]{4,}'|[^\s"',;&]{4,})/gi,
    keep: "$1",
  },
];

/**
 * The text with everything masked that is a `known` secret's value or looks like a secret. A guess by form: what
 * must not be told has to be known.
 */
export function maskSecrets(text: string, known: readonly string[]): string {
  const values = known.filter((value) => value.length >= shortestKnown).toSorted((a, b) => b.length - a.length);
  const masked = values.flatMap(spellings).reduce((rest, value) => rest.replaceAll(value, mask), text);
  return forms.reduce((rest, { pattern, keep }) => rest.replace(pattern, `${keep}${mask}`), masked);
}

/** As it is, as part of a URL, in Basic auth and, of a value with several lines, each line by itself. */
function spellings(value: string): string[] {
  const lines = value.includes("\n") ? value.split("\n").filter((line) => line.trim().length >= 8) : [];
  return [...new Set([value, encodeURIComponent(value), Buffer.from(value).toString("base64"), ...lines])];
}
