import { cleanText } from "../domain/clean-text.ts";

/** Breaks a word for GitHub's own links without showing (U+2060, word joiner). */
const wordJoiner = "\u2060";

/**
 * A text of somebody else's as one line of prose: what stands in backticks becomes code, the rest means nothing to
 * Markdown, HTML or GitHub (no mention, no reference, no link).
 */
export function prose(text: string, length = 300): string {
  const parts = oneLine(text, length).split(/`+/);
  const paired = parts.length % 2 === 1;
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return escape(part);
      return paired || index < parts.length - 1 ? code(part) : `\\\`${escape(part)}`;
    })
    .join("");
}

/** A text of somebody else's as inline code, in which nothing else is read. */
export function code(text: string, length = 120): string {
  const line = oneLine(text, length).replaceAll("|", "¦");
  if (line.trim() === "") return "``` ```";
  const fence = "`".repeat(longestRun(line) + 1);
  const space = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${fence}${space}${line}${space}${fence}`;
}

/** A link, or its label alone when the address is absurdly long; `label` is Markdown already. */
export function link(label: string, url: string): string {
  const encoded = encodeURI(cleanText(url.toWellFormed())).replaceAll("%25", "%");
  if (encoded.length > 2000) return label;
  return `[${label}](${encoded.replaceAll("(", "%28").replaceAll(")", "%29")})`;
}

/** Lines in a fold that is closed at first. `summary` and `of` are plain text. */
export function fold(summary: string, of: string, lines: readonly string[]): string {
  const title = `${escapeHtml(summary)} <code>${escapeHtml(oneLine(of, 80))}</code>`;
  return [`<details><summary>${title}</summary>`, "", codeBlock(lines), "", "</details>"].join("\n");
}

/** Lines as they are, each cut to 300 characters, behind a fence that none of them can close. */
export function codeBlock(lines: readonly string[]): string {
  const shown = lines.map((line) =>
    cut(
      cleanText(line)
        .replaceAll("\t", "  ")
        .replaceAll(/[\n\u2028\u2029]+/g, " "),
      300,
    ),
  );
  const fence = "`".repeat(Math.max(3, longestRun(shown.join("\n")) + 1));
  return [`${fence}text`, ...shown, fence].join("\n");
}

/** A list in a fold that is closed at first; the items are Markdown already, `summary` is plain text. */
export function foldedList(summary: string, items: readonly string[]): string {
  return [`<details><summary>${escapeHtml(summary)}</summary>`, "", ...items, "", "</details>"].join("\n");
}

function oneLine(text: string, length: number): string {
  return cut(cleanText(text).replaceAll(/[\s\u2028\u2029]+/g, " "), length);
}

function cut(line: string, length: number): string {
  // A cut within a pair of surrogates would leave half a character.
  return (line.length <= length ? line.trimEnd() : `${line.slice(0, length - 1)}…`).toWellFormed();
}

function escape(text: string): string {
  return text
    .replaceAll(/[\\*_[\]<>~|&$]/g, String.raw`\$&`)
    .replaceAll(/[@#]/g, `$&${wordJoiner}`)
    .replaceAll(/\bGH-(?=\d)/gi, `$&${wordJoiner}`)
    .replaceAll(/:(?=\/\/)|\bwww(?=\.)/gi, `$&${wordJoiner}`);
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"'`@#]/g, (character) => `&#${character.codePointAt(0)};`);
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
