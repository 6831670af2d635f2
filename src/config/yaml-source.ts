import { Lexer, LineCounter, parseAllDocuments } from "yaml";
import { InputError, type Place } from "../domain/errors.ts";
import { excerpt } from "./excerpt.ts";
import type { YamlNode } from "./yaml-node.ts";
import { maxDepth, type Dialect, walkDocument } from "./yaml-walk.ts";

/** A file of this size holds any Compose file we know of a hundred times. */
const maxBytes = 1024 * 1024;
/** Bounds the parser's time (about 0.2 s on two cores); a 3,000-line Compose file has some 20,000 tokens. */
const maxTokens = 50_000;
/** Values after aliases are followed: an alias bomb stops here. */
const maxNodes = 50_000;
/** A scalar or comment as it is written: long enough for any script, short enough to try patterns on. */
const maxToken = 64 * 1024;

/**
 * Reads one YAML 1.2 document with anchors, aliases and merge keys, keeping places. Null when it is empty.
 * Throws InputError `yaml-invalid`, `yaml-too-large`, and `not-supported` for tags such as `!reset`.
 */
export function readYaml(file: string, text: string, { hasResets = false } = {}): YamlNode | null {
  const [first, second] = parse(file, text, { isCompose: false, hasResets });
  if (second) throw new InputError("yaml-invalid", `${file} holds more than one document`, { place: second.place });
  return first === undefined || (first.kind === "scalar" && first.value === null) ? null : first;
}

/** Reads a Compose file, which may hold several documents and the tags `!reset` and `!override`; others say nothing. */
export function readComposeYaml(file: string, text: string): YamlNode[] {
  return parse(file, text, { isCompose: true, hasResets: true });
}

function parse(file: string, text: string, dialect: Dialect): YamlNode[] {
  refuseHuge(file, text);
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    uniqueKeys: false, // quadratic in the library; the walk below checks it
    prettyErrors: false,
    schema: "failsafe", // the walk below says what a plain scalar is, as Compose's parser does
    logLevel: "error",
  });
  const documents = "empty" in parsed ? [] : parsed;
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const error = documents.flatMap((document) => document.errors)[0];
  if (error) {
    const code = error.code === "RESOURCE_EXHAUSTION" ? "yaml-too-large" : "yaml-invalid";
    throw new InputError(code, `${file} is not valid YAML: ${excerpt(error.message)}`, {
      place: placeAt(error.pos[0]),
    });
  }
  let budget = maxNodes;
  const spend = (place: Place) => {
    budget -= 1;
    if (budget < 0) throw new InputError("yaml-too-large", "the aliases expand to too many values", { place });
  };
  return documents.map(({ contents }) => walkDocument(contents, { placeAt, spend, ...dialect }));
}

function refuseHuge(file: string, text: string): void {
  const place = { file, line: 1, column: 1 };
  if (Buffer.byteLength(text) > maxBytes)
    throw new InputError("yaml-too-large", `${file} is larger than 1 MiB`, { place });
  let tokens = 0;
  let depth = 0;
  let offset = 0;
  let previous = "";
  for (const token of new Lexer().lex(text)) {
    const refuse = (code: "yaml-too-large" | "yaml-invalid", what: string) =>
      new InputError(code, `${file} ${what}`, { place: { file, ...positionOf(text, offset) } });
    tokens += 1;
    if (tokens > maxTokens) throw refuse("yaml-too-large", "has too many values to read");
    if (token.length > maxToken) throw refuse("yaml-too-large", "has a value of more than 64 KiB");
    // What follows the lexer's mark is a scalar's text, not a sign.
    const sign = previous === scalarMark ? "" : token;
    if (sign === "[" || sign === "{") depth += 1;
    if (sign === "]" || sign === "}") depth -= 1;
    if (sign === flowEndMark) depth = 0;
    if (depth > maxDepth) throw refuse("yaml-too-large", `has values nested deeper than ${maxDepth}`);
    // The library would go on after these and make an error of each.
    if (depth < 0) throw refuse("yaml-invalid", `has a ${token} that closes nothing`);
    if (sign.startsWith('"') && sign.replaceAll(escape, "").includes("\\")) {
      throw refuse("yaml-invalid", "has an unknown escape between double quotes");
    }
    if (!lexerMarks.has(token)) offset += token.length;
    previous = token;
  }
}

/** YAML 1.2, section 5.7. */
const escape = /\\(?:[0abtnvfre "/\\N_LP\t\n]|\r\n?|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8})/g;

/** The lexer's own tokens, which stand for no text. */
const scalarMark = "\u001f";
const flowEndMark = "\u0018";
const lexerMarks = new Set(["\u0002", scalarMark, flowEndMark]);

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
