const marks = /\$\{secret:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** What stands for a secret's value in everything that is stored, planned and shown: its name. */
export function secretMark(name: string): string {
  return `\${secret:${name}}`;
}

/** The names of the secrets that a text refers to, each once. */
export function marksIn(text: string): string[] {
  return [...new Set([...text.matchAll(marks)].map(([, name = ""]) => name))];
}

/** The text with these secrets' values in place of their marks; a mark of any other name stays. */
export function fillMarks(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(marks, (mark, name: string) => values.get(name) ?? mark);
}

/** More in one text are not told apart: trying would take ever longer. */
const mostRead = 4;

/** What stood for each mark in `filled`, or null when it was not made from this text. */
export function readMarks(text: string, filled: string): Map<string, string> | null {
  const names = [...text.matchAll(marks)].map(([, name = ""]) => name);
  if (names.length > mostRead) return null;
  const literal = text.split(new RegExp(marks.source)).filter((_part, index) => index % 2 === 0);
  const pattern = literal.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join("([\\s\\S]*?)");
  const found = new RegExp(`^${pattern}$`).exec(filled);
  return found && new Map(names.map((name, index) => [name, found[index + 1] ?? ""]));
}
