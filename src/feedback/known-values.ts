const mask = "***";

/** A shorter value ("1", "on", "admin") would black out half of every log: it is not looked for. */
export const shortestKnown = 6;
/** A whole line inside a longer value, as base64 and keys are wrapped. */
const shortestInside = 16;
/** A line of a value with several is looked for by itself when it is not just a bracket or a blank. */
const shortestLine = 8;
/** Where a line was cut before it came to us (`engine/log-lines.ts`). */
const cutLine = /^.{4000,}…$/gm;

type Range = { from: number; to: number };

/**
 * The text with every known secret's value masked, in the spellings in which programs print one, also where it goes
 * over the end of a line, or begins before the text or goes on after it. Nothing is guessed by form.
 */
export function maskKnown(text: string, known: readonly string[]): string {
  const spellings = spellingsOf(known);
  if (spellings.length === 0 || text === "") return text;
  const squeezed = squeeze(text);
  const ranges = spellings.flatMap((value) => [...inside(squeezed, value), ...overhanging(squeezed, value)]);
  for (const { index, 0: line } of text.matchAll(cutLine)) {
    const end = squeeze(text.slice(0, index + line.length - 1)).length;
    ranges.push(...spellings.flatMap((value) => beginning(squeezed, end, value)));
  }
  return ranges.length === 0 ? text : replace(text, ranges);
}

const remembered = new WeakMap<readonly string[], string[]>();

/** Worked out once for a list, which is told to us again with each line. */
function spellingsOf(known: readonly string[]): string[] {
  const found = remembered.get(known);
  if (found) return found;
  const values = known.filter((value) => squeeze(value).length >= shortestKnown);
  const spellings = [...new Set(values.flatMap(spell).map(squeeze))].filter((value) => value.length >= shortestKnown);
  remembered.set(known, spellings);
  return spellings;
}

/** As it is, in a URL, in JSON, in HTML, in base64 and, of a value with several lines, each line by itself. */
function spell(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const percent = encodeURIComponent(value);
  const strict = percent.replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const html = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return [
    value,
    value.trim(),
    json,
    json.replaceAll("/", "\\/"),
    JSON.stringify(json).slice(1, -1),
    ...[percent, strict].flatMap((each) => [each, lowerHex(each), each.replaceAll("%20", "+")]),
    html,
    html.replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
    ...base64(value),
    Buffer.from(value).toString("hex"),
    ...(value.includes("\n") ? value.split("\n").map((line) => line.trim()) : []).filter(
      (line) => line.length >= shortestLine,
    ),
  ];
}

function lowerHex(text: string): string {
  return text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

/** By itself, and inside of something longer (`user:value` in Basic auth), where its beginning falls in one of three ways. */
function base64(value: string): string[] {
  const bytes = Buffer.from(value);
  const within = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    const whole = Math.floor(((offset + bytes.length) * 8) / 6);
    return text.slice(Math.ceil((offset * 8) / 6), whole);
  });
  const all = [bytes.toString("base64"), ...within.filter((text) => text.length >= shortestLine)];
  return all.flatMap((text) => [text, text.replaceAll("+", "-").replaceAll("/", "_")]);
}

function squeeze(text: string): string {
  return text.includes("\n") || text.includes("\r") ? text.replaceAll(/[\r\n]/g, "") : text;
}

function inside(text: string, value: string): Range[] {
  const ranges: Range[] = [];
  for (let from = text.indexOf(value); from !== -1; from = text.indexOf(value, from + value.length)) {
    ranges.push({ from, to: from + value.length });
  }
  return ranges;
}

/** A live line is told before the next one comes: what can only be the rest or the beginning of a value is masked. */
function overhanging(text: string, value: string): Range[] {
  if (text.length >= shortestInside && value.includes(text)) return [{ from: 0, to: text.length }];
  return [...rest(text, value), ...beginning(text, text.length, value)];
}

function rest(text: string, value: string): Range[] {
  const head = text.slice(0, shortestKnown);
  if (head.length < shortestKnown) return [];
  for (let at = value.indexOf(head, 1); at !== -1; at = value.indexOf(head, at + 1)) {
    if (text.startsWith(value.slice(at))) return [{ from: 0, to: value.length - at }];
  }
  return [];
}

function beginning(text: string, end: number, value: string): Range[] {
  const last = text.slice(Math.max(0, end - shortestKnown), end);
  if (last.length < shortestKnown) return [];
  const most = value.length - shortestKnown - 1;
  for (let at = value.lastIndexOf(last, most); at !== -1; at = at === 0 ? -1 : value.lastIndexOf(last, at - 1)) {
    const length = at + shortestKnown;
    if (text.startsWith(value.slice(0, length), end - length)) return [{ from: end - length, to: end }];
  }
  return [];
}

/** Ranges count characters without line ends; one that goes over a line's end takes it along. */
function replace(text: string, ranges: readonly Range[]): string {
  const places: number[] = [];
  for (let at = 0; at < text.length; at++) if (text[at] !== "\n" && text[at] !== "\r") places.push(at);
  let result = "";
  let done = 0;
  for (const { from, to } of merge(ranges)) {
    const start = places[from] ?? text.length;
    result += `${text.slice(done, start)}${mask}`;
    done = (places[to - 1] ?? text.length - 1) + 1;
  }
  return result + text.slice(done);
}

function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && range.from < last.to) last.to = Math.max(last.to, range.to);
    else merged.push({ ...range });
  }
  return merged;
}
