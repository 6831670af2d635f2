import {
  child,
  type Entry,
  listNode,
  mapNode,
  scalarNode,
  toValue,
  type YamlMap,
  type YamlNode,
} from "../../config/yaml-node.ts";
import { isRemote, resolvePath } from "../repository-path.ts";

type Change = (node: YamlNode) => YamlNode;

/**
 * Turns the relative paths that a canonical file says into paths from the repository's root; `directory` is where they
 * start (Compose specification, Path resolution). Absolute paths and those of a home directory stay for the policy to judge.
 */
export function resolvePaths(model: YamlMap, directory: string): YamlMap {
  const path: Change = (node) => (said(node) === "" ? node : anyPath(node));
  // Some paths that are empty are the directory itself.
  const anyPath: Change = (node) => {
    if (node.kind !== "scalar" || typeof node.value !== "string" || isAbsolute(node.value)) return node;
    if (node.value.startsWith("~")) return scalarNode(node.place, ofHome(node.value));
    return scalarNode(node.place, resolvePath(directory, node.value));
  };
  const context: Change = (node) => (isElsewhere(node) ? node : path(node));
  const service = fields({
    build: fields({ context, additional_contexts: each(context), ssh: each(anyPath) }),
    env_file: items(fields({ path })),
    label_file: items(path),
    develop: fields({ watch: items(fields({ path })) }),
    volumes: items((mount) => (said(child(mount, "type")) === "bind" ? fields({ source: anyPath })(mount) : mount)),
  });
  const volume: Change = (node) => {
    const options = child(node, "driver_opts");
    const isBind = said(child(node, "driver")) === "local" && options && said(child(options, "o")) === "bind";
    return isBind ? fields({ driver_opts: fields({ device: anyPath }) })(node) : node;
  };
  const file = fields({ file: anyPath });
  const change = fields({ services: each(service), volumes: each(volume), configs: each(file), secrets: each(file) });
  const resolved = change(model);
  return resolved.kind === "map" ? resolved : model;
}

/** A build without a context has the directory of the project that it is in. */
export function withBuildContexts(model: YamlMap, directory: string): YamlMap {
  const build: Change = (node) => withEntry(node, "context", directory);
  const changed = fields({ services: each(fields({ build })) })(model);
  return changed.kind === "map" ? changed : model;
}

/** A build without a Dockerfile of either kind has the usual one. */
export function withDockerfiles(model: YamlMap): YamlMap {
  const build: Change = (node) =>
    child(node, "dockerfile_inline") ? node : withEntry(node, "dockerfile", "Dockerfile");
  const changed = fields({ services: each(fields({ build })) })(model);
  return changed.kind === "map" ? changed : model;
}

/** Another service's image, or what the builder fetches. */
function isElsewhere(node: YamlNode): boolean {
  const path = node.kind === "scalar" ? String(node.value) : "";
  return path.startsWith("service:") || isRemote(path);
}

function withEntry(node: YamlNode, key: string, value: string): YamlNode {
  if (node.kind !== "map" || toValue(child(node, key) ?? scalarNode(node.place, null)) !== null) return node;
  const entries = new Map(node.entries);
  entries.set(key, { key: node.place, node: scalarNode(node.place, value) });
  return { ...node, entries };
}

/** However it climbs, it stays a path of a home directory, and is refused as one. */
function ofHome(path: string): string {
  const [home = "", ...rest] = path.split("/");
  return `${home}${resolvePath("/", rest.join("/"))}`.replace(/\/$/, "");
}

/** Also of a Windows machine. */
function isAbsolute(path: string): boolean {
  return /^(\/|[a-z]:[\\/]|\\\\)/i.test(path);
}

function said(node: YamlNode | undefined): unknown {
  return node?.kind === "scalar" ? node.value : undefined;
}

function items(change: Change): Change {
  return (node) => (node.kind === "list" ? listNode(node.place, node.items.map(change)) : node);
}

function each(change: Change): Change {
  return (node) => (node.kind === "map" ? mapNode(node.place, [...node.entries].map(changed(() => change))) : node);
}

function fields(changes: Record<string, Change>): Change {
  const find = (key: string) => (Object.hasOwn(changes, key) ? changes[key] : undefined);
  return (node) => (node.kind === "map" ? mapNode(node.place, [...node.entries].map(changed(find))) : node);
}

function changed(find: (key: string) => Change | undefined) {
  return ([key, entry]: [string, Entry]) => [key, find(key)?.(entry.node) ?? entry.node, entry.key] as const;
}
