import { excerpt } from "../../config/excerpt.ts";
import { InputError, type Place } from "../../domain/errors.ts";
import { createSubstitution, type Scope } from "./interpolate.ts";

/** Env files are small; a bigger one is a mistake or an attack. */
const maxCharacters = 64 * 1024;

/** Reading many small files takes as long as one big one. */
const costOfFile = 4096;

export type EnvEntry = { value: string; place: Place };

/**
 * Reads an env file as Compose does (compose-go `dotenv`): comments, `export`, `KEY: value`, quotes, escapes in double
 * quotes, variables of the scope and of earlier lines. A bare `KEY` takes the scope's value or is left out.
 * Throws InputError `invalid-value` with its line, `file-too-large`, and those of interpolation.
 */
export function parseEnvFile(file: string, text: string, scope: Scope): Map<string, EnvEntry> {
  refuseHuge(file, text, scope);
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const entries = new Map<string, EnvEntry>();
  const substitute = createSubstitution({
    lookup: (name) => scope.lookup(name) ?? entries.get(name)?.value,
    onUnset: scope.onUnset,
    spend: scope.spend,
  });
  const placeAt = createPlaces(file, source);
  let at = skipBlank(source, 0);
  while (at < source.length) {
    const place = placeAt(at);
    const { key, bare, next } = readKey(source, at, place);
    const read = bare ? { value: scope.lookup(key), next } : readValue(source, next, place, substitute);
    if (read.value !== undefined) entries.set(key, { value: read.value, place });
    at = skipBlank(source, read.next);
  }
  return entries;
}

/**
 * Reads an env file of `format: raw`: every line is `KEY=VALUE` to the letter, without quotes or variables.
 * Throws InputError `invalid-value`, `file-too-large`.
 */
export function parseRawEnvFile(file: string, text: string, scope: Scope): Map<string, EnvEntry> {
  refuseHuge(file, text, scope);
  const entries = new Map<string, EnvEntry>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const trimmed = line.trimStart();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const place = { file, line: index + 1, column: 1 };
    const equals = trimmed.indexOf("=");
    const key = equals === -1 ? trimmed : trimmed.slice(0, equals);
    if (key === "" || /\s/.test(key)) throw bad(`"${key}" is not a variable's name`, place);
    const value = equals === -1 ? scope.lookup(key) : trimmed.slice(equals + 1);
    if (value !== undefined) entries.set(key, { value, place });
  }
  return entries;
}

function refuseHuge(file: string, text: string, scope: Scope): void {
  const place = { file, line: 1, column: 1 };
  scope.spend(text.length + costOfFile, place);
  if (text.length > maxCharacters) throw new InputError("file-too-large", `${file} is larger than 64 KiB`, { place });
  if (text.includes("\0")) throw bad("the file holds a NUL character", place);
}

function skipBlank(text: string, from: number): number {
  const pattern = /(?:\s+|#[^\n]*)*/y;
  pattern.lastIndex = from;
  pattern.exec(text);
  return pattern.lastIndex;
}

/** `KEY=`, `KEY:`, or a bare `KEY` that ends its line; `export ` before it is allowed. */
function readKey(text: string, from: number, place: Place): { key: string; bare: boolean; next: number } {
  const pattern = /(?:export[ \t]+)?([^=:\n]*)(=|:|\n|$)/y;
  pattern.lastIndex = from;
  const [, raw = "", end = ""] = pattern.exec(text) ?? [];
  const key = raw.trim();
  if (!/^[\p{L}\p{N}_.\-[\]]+$/u.test(key)) {
    throw bad(key === "" ? "a line has no variable's name" : `"${key}" is not a variable's name`, place);
  }
  return { key, bare: end !== "=" && end !== ":", next: pattern.lastIndex };
}

type Substitute = (text: string, place: Place) => string;

function readValue(text: string, from: number, place: Place, substitute: Substitute): { value: string; next: number } {
  const start = from + (/^[ \t]*/.exec(text.slice(from, from + 1024))?.[0].length ?? 0);
  const quote = text[start];
  if (quote === '"' || quote === "'") return readQuoted(text, start, place, substitute);
  const newline = text.indexOf("\n", start);
  const next = newline === -1 ? text.length : newline;
  const line = text.slice(start, next);
  const comment = line.indexOf(" #");
  return { value: substitute((comment === -1 ? line : line.slice(0, comment)).trimEnd(), place), next };
}

/** Up to the same quote; an escaped quote is a quote. Single quotes take everything else to the letter. */
function readQuoted(
  text: string,
  start: number,
  place: Place,
  substitute: Substitute,
): { value: string; next: number } {
  const quote = text[start];
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === quote) {
      return { value: quote === '"' ? substitute(unescape(value), place) : value, next: at + 1 };
    }
    const escaped = text[at] === "\\" && at + 1 < text.length;
    if (escaped && text[at + 1] !== quote) value += "\\";
    if (escaped) at += 1;
    value += text[at];
  }
  throw bad("a quoted value never ends", place);
}

const escapes: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  $: "$$",
};

/** What Compose knows of Go's escapes; others stay as they are. */
function unescape(text: string): string {
  return text.replaceAll(/\\(?:([abfnrtv$"\\])|0(\d{0,3}))/g, (whole, letter: string | undefined, octal: string) => {
    if (letter !== undefined) return escapes[letter] ?? whole;
    const [, code, rest = ""] = /^([0-3][0-7]{2})(.*)$/.exec(octal) ?? [];
    return code === undefined ? `\\${octal}` : String.fromCodePoint(Number.parseInt(code, 8)) + rest;
  });
}

/** Line numbers of ascending offsets, counted once over the whole text. */
function createPlaces(file: string, text: string): (offset: number) => Place {
  let line = 1;
  let counted = 0;
  return (offset) => {
    for (; counted < offset; counted++) if (text[counted] === "\n") line += 1;
    return { file, line, column: 1 };
  };
}

function bad(message: string, place: Place): InputError {
  return new InputError("invalid-value", excerpt(message), {
    place,
    hint: "Env files hold lines of the form NAME=value.",
  });
}
