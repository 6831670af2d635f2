/** GitHub takes at most 140 characters of description. */
const descriptionLength = 140;

/** A description that GitHub takes. */
export function shorten(text: string): string {
  return text.length <= descriptionLength ? text : `${text.slice(0, descriptionLength - 1)}…`;
}
