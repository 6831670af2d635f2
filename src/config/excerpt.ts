/**
 * At most `longest` characters of an author's text, the middle left out: it is quoted in messages, which are stored,
 * commented and shown.
 */
export function excerpt(text: string, longest = 200): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 60)}…${text.slice(-59)}`;
}
