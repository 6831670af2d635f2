import { child, listNode, mapNode, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { identityOf } from "./compose-unique.ts";
import { invalid } from "../findings.ts";
import { isNull } from "../forms/form.ts";
import type { Scope } from "./interpolate.ts";

/** What one merged value costs of the stack's budget: a file that a hundred services extend is copied a hundred times. */
const costOfEntry = 16;

/**
 * A later canonical file over an earlier one (Compose specification, Merge): maps merge, lists are appended, other values
 * are replaced; nothing over something changes nothing. Throws InputError `invalid-value`, `yaml-too-large`.
 */
export function mergeModels(base: YamlMap, over: YamlMap, spend: Scope["spend"]): YamlMap {
  const merged = merge(base, over, [], spend);
  return merged.kind === "map" ? merged : base;
}

/** The same for a service and the one that it extends. */
export function mergeServices(base: YamlMap, over: YamlMap, spend: Scope["spend"]): YamlMap {
  const merged = merge(base, over, ["services", "*"], spend);
  return merged.kind === "map" ? { ...merged, place: over.place } : over;
}

/** Of equal items of a service's lists the last one stands, in the first one's place. */
export function withoutDoubles(model: YamlMap): YamlMap {
  const walk = (node: YamlNode, path: readonly string[]): YamlNode => {
    if (node.kind === "scalar") return node;
    if (node.kind === "list") return uniqueItems(node, path);
    return mapNode(
      node.place,
      [...node.entries].map(([key, entry]) => [key, walk(entry.node, [...path, key]), entry.key]),
    );
  };
  const services = model.entries.get("services");
  if (services === undefined) return model;
  const entries = new Map(model.entries).set("services", { ...services, node: walk(services.node, ["services"]) });
  return { ...model, entries };
}

type Path = readonly string[];

function merge(base: YamlNode, over: YamlNode, path: Path, spend: Scope["spend"]): YamlNode {
  if (isReplaced(path)) return over;
  if (isNull(over)) return isVariable(path) ? over : base;
  if (isNull(base)) return over;
  if (base.kind === "map" && over.kind === "map") return mergeMaps(base, over, path, spend);
  if (base.kind === "list" && over.kind === "list") return mergeLists(base, over, path, spend);
  if (base.kind === "scalar" && over.kind === "scalar") return over;
  throw invalid(over, `${path.join(".")} is written here as a ${over.kind}, and elsewhere as a ${base.kind}`);
}

function mergeMaps(base: YamlMap, over: YamlMap, path: Path, spend: Scope["spend"]): YamlNode {
  if (isOfService(path, "logging") && hasOtherDriver(base, over)) return over;
  spend((base.entries.size + over.entries.size) * costOfEntry, over.place);
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const earlier = entries.get(key);
    const node = earlier ? merge(earlier.node, entry.node, [...path, key], spend) : entry.node;
    entries.set(key, { key: entry.key, node });
  }
  return { ...base, entries };
}

function mergeLists(
  base: YamlNode & { kind: "list" },
  over: YamlNode & { kind: "list" },
  path: Path,
  spend: Scope["spend"],
): YamlNode {
  spend((base.items.length + over.items.length) * costOfEntry, over.place);
  if (isSubnets(path)) return mergeSubnets(base, over, path, spend);
  if (isOfService(path, "extra_hosts") || isOfService(path, "build", "extra_hosts")) {
    const known = new Set(base.items.map(textOf));
    return listNode(base.place, [...base.items, ...over.items.filter((item) => !known.has(textOf(item)))]);
  }
  return listNode(base.place, [...base.items, ...over.items]);
}

/** Subnets are merged where they are the same one. */
function mergeSubnets(
  base: YamlNode & { kind: "list" },
  over: YamlNode & { kind: "list" },
  path: Path,
  spend: Scope["spend"],
): YamlNode {
  const subnets = new Map(base.items.map((item) => [textOf(child(item, "subnet")), item]));
  for (const item of over.items) {
    const subnet = textOf(child(item, "subnet"));
    const earlier = subnets.get(subnet);
    subnets.set(subnet, earlier ? merge(earlier, item, [...path, "*"], spend) : item);
  }
  return listNode(base.place, [...subnets.values()]);
}

function uniqueItems(node: YamlNode & { kind: "list" }, path: Path): YamlNode {
  const identity = identityOf(path.slice(2));
  if (!identity) return node;
  const kept = new Map<string, YamlNode>();
  for (const item of node.items) kept.set(identity(item), item);
  return kept.size === node.items.length ? node : listNode(node.place, [...kept.values()]);
}

function isReplaced(path: Path): boolean {
  return (
    isOfService(path, "command") ||
    isOfService(path, "entrypoint") ||
    isOfService(path, "healthcheck", "test") ||
    (path.length === 4 && isOfService(path.slice(0, 3), "ulimits"))
  );
}

/** Maps whose entries may also be written as a list: there a name without a value says something. */
const variables = ["environment", "labels", "annotations", "sysctls", "build.args", "build.labels", "deploy.labels"];

function isVariable(path: Path): boolean {
  return path[0] === "services" && variables.includes(path.slice(2, -1).join("."));
}

function isOfService(path: Path, ...keys: string[]): boolean {
  return path[0] === "services" && path.length === keys.length + 2 && keys.every((key, at) => path[at + 2] === key);
}

function isSubnets(path: Path): boolean {
  return path[0] === "networks" && path.slice(2).join(".") === "ipam.config";
}

function hasOtherDriver(base: YamlMap, over: YamlMap): boolean {
  const [earlier, later] = [child(base, "driver"), child(over, "driver")];
  return earlier !== undefined && later !== undefined && textOf(earlier) !== textOf(later);
}

function textOf(node: YamlNode | undefined): string {
  return node === undefined ? "" : JSON.stringify(toValue(node));
}
