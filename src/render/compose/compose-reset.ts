import { listNode, mapNode, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";

type Path = readonly string[];

/**
 * Takes `!reset` values out of a document. `resets` are the paths of these and of `!override` values: what earlier files
 * say there goes (Compose specification, Merge, Reset value and Replace value).
 */
export function takeResets(document: YamlNode): { node: YamlNode; resets: readonly Path[] } {
  const resets: Path[] = [];
  const walk = (node: YamlNode, path: Path): YamlNode => {
    if (node.tag !== undefined) resets.push(path);
    // Below a replaced value nothing is left that could be reset.
    if (node.tag === "reset") return node;
    if (node.kind === "scalar") return node;
    if (node.kind === "list") {
      const items = node.items.filter((item) => item.tag !== "reset");
      return listNode(
        node.place,
        items.map((item) => walk(item, [...path, "[]"])),
      );
    }
    const entries = [...node.entries].flatMap(([key, entry]) => {
      const inner = walk(entry.node, [...path, key]);
      return entry.node.tag === "reset" ? [] : [[key, inner, entry.key] as const];
    });
    return mapNode(node.place, entries);
  };
  return { node: walk(document, []), resets: resets.filter((path) => !path.includes("[]")) };
}

/** The model without what stands at these paths. */
export function dropPaths(model: YamlMap, paths: readonly Path[]): YamlMap {
  return paths.reduce<YamlMap>((left, path) => drop(left, path), model);
}

function drop(node: YamlMap, [key, ...rest]: Path): YamlMap {
  const entry = key === undefined ? undefined : node.entries.get(key);
  if (key === undefined || !entry) return node;
  const entries = new Map(node.entries);
  if (rest.length === 0) entries.delete(key);
  else if (entry.node.kind === "map") entries.set(key, { key: entry.key, node: drop(entry.node, rest) });
  return { ...node, entries };
}
