import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import { InputError, type Place } from "../domain/errors.ts";
import { excerpt } from "./excerpt.ts";
import type { Entry, Scalar, YamlNode } from "./yaml-node.ts";

/** A file of this size holds any Compose file we know of a hundred times. */
const maxBytes = 1024 * 1024;
/** Bounds the parser's time (about 0.2 s on two cores); a 3,000-line Compose file has some 20,000 tokens. */
const maxTokens = 50_000;
/** Values after aliases are followed: an alias bomb stops here. */
const maxNodes = 50_000;
const maxDepth = 64;
/** A key is a name; messages and paths repeat it. */
const maxKey = 200;
/** A scalar or comment as it is written: long enough for any script, short enough to try patterns on. */
const maxToken = 64 * 1024;

/**
 * Reads one YAML 1.2 document with anchors, aliases and merge keys, keeping places. Null when it is empty.
 * Throws InputError `yaml-invalid`, `yaml-too-large`, and `not-supported` for tags such as `!reset`.
 */
export function readYaml(file: string, text: string): YamlNode | null {
  refuseHuge(file, text);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: false, // quadratic in the library; the walk below checks it
    prettyErrors: false,
    logLevel: "error", // "silent" would also pass over a second document
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const [error] = document.errors;
  if (error) {
    const code = error.code === "RESOURCE_EXHAUSTION" ? "yaml-too-large" : "yaml-invalid";
    throw new InputError(code, `${file} is not valid YAML: ${excerpt(error.message)}`, {
      place: placeAt(error.pos[0]),
    });
  }
  if (document.contents === null) return null;
  const node = walker(placeAt)(document.contents);
  return node.kind === "scalar" && node.value === null ? null : node;
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

/** Turns the library's nodes into ours, following aliases within the caps. */
function walker(placeAt: (offset: number) => Place): (contents: Node) => YamlNode {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const following = new Set<Node>();
  let budget = maxNodes;

  return (contents) => walk(contents, 0);

  function walk(node: Node | null, depth: number): YamlNode {
    const place = placeAt(node?.range?.[0] ?? 0);
    budget -= 1;
    if (budget < 0) throw new InputError("yaml-too-large", "the aliases expand to too many values", { place });
    if (depth > maxDepth)
      throw new InputError("yaml-too-large", `values are nested deeper than ${maxDepth}`, { place });
    if (node === null) return { place, kind: "scalar", value: null };
    if (isAlias(node)) return follow(node, depth, place);
    refuseTag(node, place);
    if (node.anchor !== undefined && following.size === 0) anchors.set(node.anchor, node);
    if (isSeq<Node>(node)) return { place, kind: "list", items: node.items.map((item) => walk(item, depth + 1)) };
    if (isMap<Node, Node | null>(node)) return { place, kind: "map", entries: entriesOf(node, depth) };
    return { place, kind: "scalar", value: scalarOf(node, place) };
  }

  /** An alias means the nearest anchor of that name before it, also when it is met again inside another alias. */
  function follow(alias: Alias, depth: number, place: Place): YamlNode {
    const target = targets.get(alias) ?? anchors.get(alias.source);
    if (!target)
      throw new InputError("yaml-invalid", `there is no anchor &${excerpt(alias.source)} before this alias`, { place });
    if (following.has(target))
      throw new InputError("yaml-invalid", `the anchor &${excerpt(alias.source)} contains itself`, { place });
    targets.set(alias, target);
    following.add(target);
    try {
      return walk(target, depth + 1);
    } finally {
      following.delete(target);
    }
  }

  function entriesOf(map: YAMLMap<Node, Node | null>, depth: number): Map<string, Entry> {
    const own = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    for (const pair of map.items) {
      const { name, key, isMerge } = keyOf(pair);
      const node = walk(pair.value, depth + 1);
      if (isMerge) addMerged(merged, node);
      else if (own.has(name))
        throw new InputError("yaml-invalid", `the key "${name}" stands twice in one map`, { place: key });
      else own.set(name, { key, node: node.kind === "scalar" && pair.value === null ? { ...node, place: key } : node });
    }
    for (const [name, entry] of merged) if (!own.has(name)) own.set(name, entry);
    return own;
  }

  function keyOf(pair: Pair<Node, Node | null>): { name: string; key: Place; isMerge: boolean } {
    const key = placeAt(pair.key?.range?.[0] ?? 0);
    const target = isAlias(pair.key) ? anchors.get(pair.key.source) : pair.key;
    if (!isScalar(target) || typeof target.value !== "string") {
      throw new InputError("yaml-invalid", "a key must be a string: quote it", { place: key });
    }
    if (target.value.length > maxKey) {
      const message = `a key is longer than ${maxKey} characters: ${excerpt(target.value)}`;
      throw new InputError("yaml-too-large", message, { place: key });
    }
    if (target.value === "__proto__")
      throw new InputError("invalid-value", "a key cannot be __proto__", { place: key });
    return { name: target.value, key, isMerge: target.value === "<<" && target.type === "PLAIN" };
  }
}

/** `<<: *a` or `<<: [*a, *b]`: own keys win, then the earlier map. */
function addMerged(into: Map<string, Entry>, node: YamlNode): void {
  const sources = node.kind === "list" ? node.items : [node];
  for (const source of sources) {
    if (source.kind !== "map") throw new InputError("yaml-invalid", "`<<` merges maps only", { place: source.place });
    for (const [name, entry] of source.entries) if (!into.has(name)) into.set(name, entry);
  }
}

const coreTag = /^(tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)|!)$/;

function refuseTag(node: Node, place: Place): void {
  const tag = "tag" in node ? node.tag : undefined;
  if (typeof tag !== "string" || coreTag.test(tag)) return;
  throw new InputError("not-supported", `the tag ${excerpt(tag)} is not honored by this version`, { place });
}

/** Plain numbers read as Compose reads them: `0777` is octal, `1_000` is 1000, huge integers keep their digits. */
function scalarOf(node: Node, place: Place): Scalar {
  const { value, source, type } = isScalar(node) ? node : {};
  if (type === "PLAIN" && typeof source === "string") {
    if (/^[-+]?0[0-7]+$/.test(source)) return Number.parseInt(source, 8);
    if (/^[-+]?[1-9][0-9]*(_[0-9]+)+$/.test(source)) return Number(source.replaceAll("_", ""));
    if (/^[-+]?[0-9]{16,}$/.test(source)) return source;
  }
  if (typeof value === "string" && value.includes("\0")) {
    throw new InputError("invalid-value", "a value holds a NUL character", { place });
  }
  return typeof value === "number" || typeof value === "boolean" || typeof value === "string" ? value : null;
}
