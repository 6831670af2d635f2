import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import { InputError, type Place } from "../domain/errors.ts";
import { excerpt } from "./excerpt.ts";
import type { Entry, Scalar, Tag, YamlNode } from "./yaml-node.ts";
import { plainScalar } from "./yaml-scalar.ts";

/** How deep values may be nested. */
export const maxDepth = 64;
/** A key is a name; messages and paths repeat it. */
const maxKey = 200;

/** Compose's own reading, where unknown tags say nothing; and whether `!reset` and `!override` mean something. */
export type Dialect = { isCompose: boolean; hasResets: boolean };

/** What one document is read with: `spend` is told of every value after aliases are followed, and stops an alias bomb. */
export type Walk = { placeAt(offset: number): Place; spend(place: Place): void } & Dialect;

/** Turns the library's nodes into ours, following aliases. Throws InputError `yaml-invalid`, `yaml-too-large`, `not-supported`. */
export function walkDocument(contents: Node | null, { placeAt, spend, isCompose, hasResets }: Walk): YamlNode {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const following = new Set<Node>();
  return walk(contents, 0);

  function walk(node: Node | null, depth: number): YamlNode {
    const place = placeAt(node?.range?.[0] ?? 0);
    spend(place);
    if (depth > maxDepth)
      throw new InputError("yaml-too-large", `values are nested deeper than ${maxDepth}`, { place });
    if (node === null) return { place, kind: "scalar", value: null };
    if (isAlias(node)) return follow(node, depth, place);
    const tag = tagOf(node, place);
    if (node.anchor !== undefined && following.size === 0) anchors.set(node.anchor, node);
    const tagged = tag === undefined ? { place } : { place, tag };
    if (isSeq<Node>(node)) return { ...tagged, kind: "list", items: node.items.map((item) => walk(item, depth + 1)) };
    if (isMap<Node, Node | null>(node)) return { ...tagged, kind: "map", entries: entriesOf(node, depth) };
    return { ...tagged, kind: "scalar", value: scalarOf(node, place) };
  }

  function tagOf(node: Node, place: Place): Tag | undefined {
    const said = "tag" in node ? node.tag : undefined;
    if (hasResets && said === "!reset") return "reset";
    if (hasResets && said === "!override") return "override";
    if (isCompose || typeof said !== "string" || coreTag.test(said)) return undefined;
    throw new InputError("not-supported", `the tag ${excerpt(said)} is not honored by this version`, { place });
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
    let merges = 0;
    for (const pair of map.items) {
      const { name, key, isMerge } = keyOf(pair);
      const node = walk(pair.value, depth + 1);
      // What an anchor resets where it stands is not there for its aliases.
      if (node.tag === "reset" && following.size > 0 && !isAlias(pair.value)) continue;
      if (isMerge && ++merges > 1) throw doubled(name, key);
      if (isMerge) addMerged(merged, node);
      else if (own.has(name)) throw doubled(name, key);
      else own.set(name, { key, node: node.kind === "scalar" && pair.value === null ? { ...node, place: key } : node });
    }
    for (const [name, entry] of merged) if (!own.has(name)) own.set(name, entry);
    return own;
  }

  function keyOf(pair: Pair<Node, Node | null>): { name: string; key: Place; isMerge: boolean } {
    const key = placeAt(pair.key?.range?.[0] ?? 0);
    const target = isAlias(pair.key) ? anchors.get(pair.key.source) : pair.key;
    if (!isScalar(target) || typeof target.value !== "string" || typeof scalarOf(target, key) !== "string") {
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

function doubled(name: string, place: Place): InputError {
  return new InputError("yaml-invalid", `the key "${name}" stands twice in one map`, { place });
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

/** Plain ones are read as Compose's parser reads them; a tag makes a text of them, unless it is one of YAML's other types. */
function scalarOf(node: Node, place: Place): Scalar {
  if (!isScalar(node)) return null;
  const { value, source, type, tag } = node;
  const isText = tag !== undefined && !/^(tag:yaml\.org,2002:(int|float|bool|null)|!(reset|override))$/.test(tag);
  if (!isText && typeof source === "string" && (type === "PLAIN" || tag !== undefined)) return plainScalar(source);
  if (typeof value === "string" && value.includes("\0")) {
    throw new InputError("invalid-value", "a value holds a NUL character", { place });
  }
  return typeof value === "string" ? value : null;
}
