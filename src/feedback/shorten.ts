/** GitHub takes at most 140 characters of description. */
const descriptionLength = 140;

/** A description that GitHub takes: it shows it as it is, without Markdown. */
export function shorten(text: string): string {
  const plain = text.replaceAll("`", "");
  return plain.length <= descriptionLength ? plain : `${plain.slice(0, descriptionLength - 1)}…`;
}
