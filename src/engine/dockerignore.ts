import { InputError } from "../domain/errors.ts";

/** Which paths of a build context (relative, `/` between parts) stay at home. */
export type Ignore = {
  ignores(path: string): boolean;
  /** Some `!` pattern may bring back what lies in an ignored directory. */
  hasExceptions: boolean;
};

type Token =
  | { kind: "star" }
  | { kind: "any" }
  | { kind: "char"; char: string }
  | { kind: "set"; text: string; not: boolean };
type Segment = { kind: "globstar" } | { kind: "glob"; tokens: Token[] };
type Pattern = { exception: boolean; segments: Segment[] };

/** How far a pattern has come on the way to a path: every place in its segments that the parts so far lead to. */
type Progress = { matched: boolean; places: readonly number[] };

const patternLimit = 1000;
const patternLength = 512;
/** Of all patterns: each path is compared with each. */
const textLength = 16 * 1024;
/** Folders whose progress is kept: a walk needs those above where it is. */
const keptFolders = 100;

/**
 * Reads a `.dockerignore` (docs.docker.com/build/concepts/context, "Syntax"): the last pattern that matches a path or
 * one of its directories decides. Matched without regular expressions, which a branch could make run for hours; what
 * is known of a folder serves all that lies in it.
 * Throws InputError `invalid-value` for more than 1000 patterns, one of more than 512 characters, or 16 KiB of them.
 */
export function parseDockerignore(text: string, file: string): Ignore {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  const long = lines.findIndex((line) => line.length > patternLength && !line.startsWith("#"));
  if (long >= 0) throw tooMuch(`${file} has a pattern of more than ${patternLength} characters in line ${long + 1}`);
  const patterns = lines.flatMap(parsePattern);
  if (patterns.length > patternLimit) throw tooMuch(`${file} has more than ${patternLimit} patterns`);
  const characters = lines.reduce((sum, line) => sum + (line.startsWith("#") ? 0 : line.trim().length), 0);
  if (characters > textLength) throw tooMuch(`${file} has patterns of more than ${textLength / 1024} KiB together`);

  const start = patterns.map(({ segments }) => ({ matched: false, places: closed(segments, [0]) }));
  const folders = new Map<string, Progress[]>();
  const progressAt = (folder: string): Progress[] => {
    if (folder === "") return start;
    const known = folders.get(folder);
    if (known) return known;
    const above = progressAt(parentOf(folder));
    const part = nameOf(folder);
    const here = patterns.map(({ segments }, index) => advance(segments, above[index] ?? stuck, part));
    if (folders.size >= keptFolders) folders.clear();
    folders.set(folder, here);
    return here;
  };

  return {
    hasExceptions: patterns.some((pattern) => pattern.exception),
    ignores(path) {
      const above = progressAt(parentOf(path));
      const part = nameOf(path);
      let ignored = false;
      for (const [index, { exception, segments }] of patterns.entries()) {
        if (ignored === exception && advance(segments, above[index] ?? stuck, part).matched) ignored = !exception;
      }
      return ignored;
    },
  };
}

const stuck: Progress = { matched: false, places: [] };

function tooMuch(what: string): InputError {
  return new InputError("invalid-value", what, { hint: "Ignore whole directories." });
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function parsePattern(raw: string): Pattern[] {
  if (raw.startsWith("#")) return [];
  const line = raw.trim();
  const exception = line.startsWith("!");
  const parts: string[] = [];
  for (const part of line
    .slice(exception ? 1 : 0)
    .trim()
    .split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.length === 0 ? [] : [{ exception, segments: parts.map(parseSegment) }];
}

function parseSegment(part: string): Segment {
  if (part === "**") return { kind: "globstar" };
  const tokens: Token[] = [];
  for (let at = 0; at < part.length; at++) {
    const char = part.charAt(at);
    const close = char === "[" ? part.indexOf("]", at + 2) : -1;
    if (char === "*") tokens.push({ kind: "star" });
    else if (char === "?") tokens.push({ kind: "any" });
    else if (close > 0) {
      const not = part.charAt(at + 1) === "^";
      tokens.push({ kind: "set", text: part.slice(at + (not ? 2 : 1), close), not });
      at = close;
    } else tokens.push({ kind: "char", char: char === "\\" && at + 1 < part.length ? part.charAt(++at) : char });
  }
  return { kind: "glob", tokens };
}

/** One part further. What matched a folder matches all in it. */
function advance(segments: readonly Segment[], { matched, places }: Progress, part: string): Progress {
  if (matched) return { matched, places };
  const reached = places.flatMap((place) => {
    const segment = segments[place];
    if (segment === undefined) return [];
    if (segment.kind === "globstar") return [place];
    return matchesName(segment.tokens, part) ? [place + 1] : [];
  });
  const next = closed(segments, reached);
  return { matched: next.includes(segments.length), places: next };
}

/** The same places and those behind a `**`, which may stand for nothing. */
function closed(segments: readonly Segment[], places: readonly number[]): number[] {
  const all = new Set(places);
  for (const place of all) if (segments[place]?.kind === "globstar") all.add(place + 1);
  return [...all];
}

/** Goes back to the last star only: at worst pattern × name steps. */
function matchesName(tokens: readonly Token[], name: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let index = 0; index < name.length;) {
    const token = tokens[at];
    if (token?.kind === "star") {
      [star, resume] = [at++, index];
    } else if (token !== undefined && matchesChar(token, name.charAt(index))) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  return tokens.slice(at).every((token) => token.kind === "star");
}

function matchesChar(token: Token, char: string): boolean {
  switch (token.kind) {
    case "star":
    case "any":
      return true;
    case "char":
      return token.char === char;
    case "set":
      return inSet(token.text, char) !== token.not;
  }
}

function inSet(text: string, char: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const from = text.charAt(at);
    const to = text.charAt(at + 1) === "-" && at + 2 < text.length ? text.charAt((at += 2)) : from;
    if (from <= char && char <= to) return true;
  }
  return false;
}
