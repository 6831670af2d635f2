import type { Place } from "../domain/errors.ts";

export type Scalar = string | number | boolean | null;

/**
 * A value of a document that still knows where it was written. An alias's value stands where its anchor stands.
 * `tag` is Compose's `!reset` or `!override`, where they are allowed.
 */
export type YamlNode = { place: Place; tag?: Tag } & (
  | { kind: "scalar"; value: Scalar }
  | { kind: "list"; items: YamlNode[] }
  | { kind: "map"; entries: Map<string, Entry> }
);

export type Tag = "reset" | "override";
export type Entry = { key: Place; node: YamlNode };
export type YamlMap = YamlNode & { kind: "map" };
export type Path = readonly PropertyKey[];

/** The node as plain data. */
export function toValue(node: YamlNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toValue);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toValue(entry.node)]));
}

/** The child of a map, or undefined when the node is no map or has no such key. */
export function child(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === "map" ? node.entries.get(key)?.node : undefined;
}

/** Where the value at a path stands, or the nearest ancestor that exists. */
export function placeOf(node: YamlNode, path: Path): Place {
  const [first, ...rest] = path;
  if (first === undefined) return node.place;
  const next = node.kind === "list" ? node.items[Number(first)] : child(node, String(first));
  return next ? placeOf(next, rest) : node.place;
}

/** Where the key at a path stands (its value for a list's item), or the nearest ancestor that exists. */
export function keyPlaceOf(node: YamlNode, path: Path): Place {
  const key = path.at(-1);
  const parent = nodeAt(node, path.slice(0, -1));
  const entry = parent?.kind === "map" ? parent.entries.get(String(key)) : undefined;
  return entry?.key ?? placeOf(node, path);
}

/** `services.web.ports[0]`, as people write a path. */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
}

/** A map made of others' nodes; the keys stand where their values stand unless told otherwise. */
export function mapNode(place: Place, entries: Iterable<readonly [string, YamlNode, Place?]>): YamlMap {
  const map = new Map<string, Entry>();
  for (const [name, node, key] of entries) map.set(name, { key: key ?? node.place, node });
  return { place, kind: "map", entries: map };
}

export function scalarNode(place: Place, value: Scalar): YamlNode {
  return { place, kind: "scalar", value };
}

export function listNode(place: Place, items: YamlNode[]): YamlNode {
  return { place, kind: "list", items };
}

/** The node at a path, or undefined. */
export function nodeAt(node: YamlNode, path: Path): YamlNode | undefined {
  return path.reduce<YamlNode | undefined>(
    (at, part) => (at?.kind === "list" ? at.items[Number(part)] : child(at, String(part))),
    node,
  );
}
