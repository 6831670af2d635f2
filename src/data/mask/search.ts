import type { RawValue } from "./collect.ts";

/** Where one was found: `at` is the offset of its first byte. */
export type Found = { value: RawValue; at: number };

/** Finds any of many values in bytes, however they are capitalized and in each of the forms they are written in. */
export type Search = {
  /** What was found in a part of the bytes, in order. */
  find(bytes: Buffer, from: number, to: number): Found[];
  /** Bytes of the longest form. */
  longest: number;
};

/** Every form has at least so many bytes: by so many of it, its anchor, it is recognized. */
const window = 8;
const tableBits = 22;

type Form = { value: RawValue; bytes: Buffer; anchor: number };

/**
 * After Wu and Manber: a table tells how far the next anchor is away at least, by the last three bytes of a window, so
 * that most bytes are not looked at. A form's anchor is the part of it that the fewest others have.
 */
export function createSearch(values: readonly RawValue[]): Search {
  const forms = anchor(values.flatMap((value) => formsOf(value.text).map((bytes) => ({ value, bytes }))));
  const shifts = new Uint8Array(1 << tableBits).fill(window - 2);
  const anchored = new Map<number, Form[]>();
  for (const form of forms) {
    for (let end = 3; end <= window; end++) {
      const hash = hashAt(form.bytes, form.anchor + end - 3);
      shifts[hash] = Math.min(shifts[hash] ?? 0, window - end);
    }
    const key = windowAt(form.bytes, form.anchor);
    anchored.set(key, [...(anchored.get(key) ?? []), form]);
  }
  return {
    longest: Math.max(window, ...new Set(forms.map(({ bytes }) => bytes.length))),
    find(bytes, from, to) {
      const found: Found[] = [];
      for (let end = from + window; end <= to;) {
        const shift = shifts[hashAt(bytes, end - 3)] ?? 1;
        end += Math.max(shift, 1);
        if (shift > 0) continue;
        const start = end - 1 - window;
        for (const form of anchored.get(windowAt(bytes, start)) ?? []) {
          const at = start - form.anchor;
          const isWithin = at >= from && at + form.bytes.length <= to;
          if (isWithin && isAt(bytes, at, form.bytes)) found.push({ value: form.value, at });
        }
      }
      return found;
    },
  };
}

function anchor(forms: readonly Omit<Form, "anchor">[]): Form[] {
  const times = new Map<number, number>();
  for (const { bytes } of forms) {
    for (let at = 0; at + window <= bytes.length; at++) {
      const key = windowAt(bytes, at);
      times.set(key, (times.get(key) ?? 0) + 1);
    }
  }
  return forms.map((form) => {
    let rarest = 0;
    const timesAt = (at: number) => times.get(windowAt(form.bytes, at)) ?? 0;
    for (let at = 1; at + window <= form.bytes.length; at++) if (timesAt(at) < timesAt(rarest)) rarest = at;
    return { ...form, anchor: rarest };
  });
}

/** Searches a stream; what goes over the end of a chunk is found as well. */
export async function* searchStream(search: Search, chunks: AsyncIterable<Buffer>): AsyncGenerator<Found> {
  let held = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of chunks) {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const keep = Math.min(bytes.length, search.longest - 1);
    // What begins in what is kept is found with the next chunk: not twice.
    for (const { value, at } of search.find(bytes, 0, bytes.length)) {
      if (at < bytes.length - keep) yield { value, at: offset + at };
    }
    held = Buffer.from(bytes.subarray(bytes.length - keep));
    offset += bytes.length - keep;
  }
  for (const { value, at } of search.find(held, 0, held.length)) yield { value, at: offset + at };
}

/** Enough of a value to find it in the source, and not to know it. */
export function hint(text: string): string {
  return `${text.slice(0, 2)}…${text.slice(-1)} (${text.length} characters)`;
}

/** As it is; in COPY's rows, in SQL and in JSON (and JSON in rows), with letters beyond ASCII as JSON may write them; in an address of the web; as hexadecimal. */
function formsOf(text: string): Buffer[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replaceAll(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const escaped = (written: string) =>
    written.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll("\r", "\\r");
  const forms = new Set([text, json, ascii].flatMap((written) => [written, escaped(written), inQuotes(written)]));
  forms.add(text.replaceAll("'", "''"));
  forms.add(escaped(text).replaceAll("'", "''"));
  forms.add(ascii.replaceAll("/", "\\/"));
  forms.add(encodeURIComponent(text.toWellFormed()));
  forms.add(Buffer.from(text).toString("hex"));
  return [...forms]
    .map((form) => Buffer.from(form).map((byte) => fold(byte)) as Buffer)
    .filter(({ length }) => length >= window);
}

/** As MariaDB and MySQL write a text (dev.mysql.com, mysql_real_escape_string_quote). */
function inQuotes(text: string): string {
  // oxlint-disable-next-line no-control-regex -- what they escape
  return text.replaceAll(/[\\'"\0\n\r\u001a]/g, (letter) => `\\${named[letter] ?? letter}`);
}

const named: Record<string, string> = { "\0": "0", "\n": "n", "\r": "r", "\u001a": "Z" };

/** Capital letters as small ones. */
const folded = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));

function fold(byte: number | undefined): number {
  return folded[byte ?? 0] ?? 0;
}

function hashAt(bytes: Buffer, at: number): number {
  return ((fold(bytes[at]) << 14) ^ (fold(bytes[at + 1]) << 7) ^ fold(bytes[at + 2])) & ((1 << tableBits) - 1);
}

function windowAt(bytes: Buffer, at: number): number {
  let hash = 0x811c9dc5;
  for (let index = at; index < at + window; index++) hash = Math.imul(hash ^ fold(bytes[index]), 0x01000193);
  return hash;
}

function isAt(bytes: Buffer, at: number, form: Buffer): boolean {
  for (let index = 0; index < form.length; index++) if (fold(bytes[at + index]) !== form[index]) return false;
  return true;
}
