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

const patternLimit = 1000;

/**
 * Reads a `.dockerignore` (docs.docker.com/build/concepts/context, "Syntax"): the last pattern that matches a path or
 * one of its directories decides. Matched without regular expressions, which a branch could make run for hours.
 * Throws InputError `invalid-value` for more than 1000 patterns.
 */
export function parseDockerignore(text: string, file: string): Ignore {
  const patterns = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .flatMap(parsePattern);
  if (patterns.length > patternLimit) {
    throw new InputError("invalid-value", `${file} has more than ${patternLimit} patterns`, {
      hint: "Ignore whole directories.",
    });
  }
  return {
    hasExceptions: patterns.some((pattern) => pattern.exception),
    ignores(path) {
      const parts = path.split("/");
      let ignored = false;
      for (const pattern of patterns) {
        if (ignored === pattern.exception && matchesOrParent(pattern.segments, parts)) ignored = !pattern.exception;
      }
      return ignored;
    },
  };
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

function matchesOrParent(segments: Segment[], parts: string[]): boolean {
  return parts.some((_, index) => matchesPath(segments, parts.slice(0, index + 1)));
}

function matchesPath(segments: Segment[], parts: string[]): boolean {
  return matchesWild(
    segments,
    parts,
    (segment) => segment.kind === "globstar",
    (segment, part) =>
      segment.kind === "glob" &&
      matchesWild(segment.tokens, part.split(""), (token) => token.kind === "star", matchesChar),
  );
}

/** Wildcard matching that goes back to the last star only: at worst pattern × text steps. */
function matchesWild<P, T>(
  pattern: P[],
  text: T[],
  isStar: (part: P) => boolean,
  matches: (part: P, item: T) => boolean,
): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let index = 0; index < text.length;) {
    const part = pattern[at];
    const item = text[index] as T;
    if (part !== undefined && isStar(part)) {
      [star, resume] = [at++, index];
    } else if (part !== undefined && matches(part, item)) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  return pattern.slice(at).every(isStar);
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
