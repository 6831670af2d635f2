import { child, listNode, mapNode, toValue, type YamlMap, type YamlNode } from "../config/yaml-node.ts";
import { isNull } from "./form.ts";

/**
 * Later canonical files over earlier ones (Compose specification, Merge): maps merge, lists are appended, other values
 * are replaced. `command`, `entrypoint` and a health check's `test` are replaced whole; mounts are one per target, ports
 * one per port, env files one per path. Also for a single file, where the last of several equal ones wins.
 */
export function mergeFiles(files: readonly YamlMap[]): YamlMap {
  const [first, ...others] = files.map((file) => unify(file, []));
  const merged = others.reduce<YamlNode | undefined>((base, over) => (base ? merge(base, over, []) : over), first);
  return merged?.kind === "map" ? merged : mapNode({ file: "", line: 1, column: 1 }, []);
}

function merge(base: YamlNode, over: YamlNode, path: readonly string[]): YamlNode {
  if (isNull(over) && !isReplaced(path) && !isPair(path)) return base;
  if (base.kind === "map" && over.kind === "map") {
    const entries = new Map(base.entries);
    for (const [key, entry] of over.entries) {
      const earlier = entries.get(key);
      const node = earlier ? merge(earlier.node, entry.node, [...path, key]) : entry.node;
      entries.set(key, { key: entry.key, node });
    }
    return { ...base, entries };
  }
  if (base.kind === "list" && over.kind === "list" && !isReplaced(path)) {
    return uniqueItems([...base.items, ...over.items], base.place, path);
  }
  return over;
}

function unify(node: YamlMap, path: readonly string[]): YamlMap;
function unify(node: YamlNode, path: readonly string[]): YamlNode;
function unify(node: YamlNode, path: readonly string[]): YamlNode {
  if (node.kind === "map") {
    return mapNode(
      node.place,
      [...node.entries].map(([key, entry]) => [key, unify(entry.node, [...path, key]), entry.key]),
    );
  }
  return node.kind === "list" && !isReplaced(path) ? uniqueItems(node.items, node.place, path) : node;
}

function isReplaced(path: readonly string[]): boolean {
  if (path[0] !== "services" || path.length < 3) return true;
  const key = path.slice(2).join(".");
  return key === "command" || key === "entrypoint" || key === "healthcheck.test";
}

/** A variable or label without a value is one. */
function isPair(path: readonly string[]): boolean {
  return ["environment", "args", "labels", "annotations", "sysctls"].includes(path.at(-2) ?? "");
}

/** Equal items are one: it stays at the first one's position and is the last one's value. */
function uniqueItems(items: readonly YamlNode[], place: YamlNode["place"], path: readonly string[]): YamlNode {
  const kept = new Map<string, YamlNode>();
  for (const item of items) kept.set(identity(item, path.at(-1)), item);
  return listNode(place, [...kept.values()]);
}

function identity(item: YamlNode, key: string | undefined): string {
  const field = (name: string) => JSON.stringify(toValue(child(item, name) ?? item));
  if (item.kind === "map" && key === "volumes") return field("target");
  if (item.kind === "map" && key === "env_file") return field("path");
  if (item.kind === "map" && key === "secrets") return child(item, "target") ? field("target") : field("source");
  if (item.kind === "map" && key === "ports") {
    const value = (name: string) => toValue(child(item, name) ?? { place, kind: "scalar", value: null });
    return JSON.stringify([value("host_ip"), value("published"), value("target"), value("protocol")]);
  }
  return JSON.stringify(toValue(item));
}

const place = { file: "", line: 1, column: 1 };
