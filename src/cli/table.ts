import { cleanText } from "../domain/clean-text.ts";

/**
 * Aligned columns that fit `columns` characters. Where they do not, the last column gives way first, then the first.
 * Everything in it may come from a pull request and is cleaned.
 */
export function formatTable(rows: readonly (readonly string[])[], columns: number): string[] {
  const cells = rows.map((row) => row.map((cell) => cleanText(cell).replaceAll(/\s+/g, " ")));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ""))));
  const last = widths.length - 1;
  for (const column of [last, 0]) {
    const over = widths.reduce((sum, width) => sum + width + gap.length, -gap.length) - columns;
    widths[column] = Math.max(Math.min(widths[column] ?? 0, narrowest), (widths[column] ?? 0) - Math.max(0, over));
  }
  return cells.map((row) =>
    row
      .map((cell, column) => fit(cell, widths[column] ?? 0))
      .join(gap)
      .trimEnd(),
  );
}

const gap = "  ";
const narrowest = 12;

function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text + " ".repeat(width - widthOf(text));
  let cut = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (widthOf(cut + segment) > width - 1) break;
    cut += segment;
  }
  return `${cut}…`.padEnd(width);
}

/** Columns a text takes: wide letters and pictures take two, what combines with its neighbor takes none. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += combining.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

const combining = /\p{M}|\p{Cf}/u;
const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u;
