/**
 * Where the first single character stands that `special` finds from there on; the longer ones that it finds, such as
 * what is escaped or doubled, are passed over. -1: there is none. One expression over all of a text would hold a place
 * for each of its letters, and some megabytes of them are more than it may.
 */
export function endOf(text: string, from: number, special: RegExp): number {
  special.lastIndex = from;
  for (;;) {
    const match = special.exec(text);
    if (match === null) return -1;
    if (match[0].length === 1) return match.index;
  }
}
