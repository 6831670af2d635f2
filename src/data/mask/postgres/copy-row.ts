/** COPY's text format: what stands for null, and for the letters that end fields and rows (PostgreSQL manual, COPY). */
export const copyNull = "\\N";

const readAs: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
const writeAs: Record<string, string> = {
  "\b": "b",
  "\f": "f",
  "\n": "n",
  "\r": "r",
  "\t": "t",
  "\v": "v",
  "\\": "\\",
};

/** A field that is not null as the bytes that it stands for. */
export function readField(field: string): string {
  if (!field.includes("\\")) return field;
  return field.replaceAll(
    /\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|([^]))/g,
    (_, octal?: string, hex?: string, letter = "") => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      return readAs[letter] ?? letter;
    },
  );
}

export function writeField(bytes: string): string {
  return bytes.replaceAll(/[\b\f\n\r\t\v\\]/g, (letter) => `\\${writeAs[letter] ?? letter}`);
}
