import { type Entry, listNode, mapNode, scalarNode, type YamlMap, type YamlNode } from "../config/yaml-node.ts";
import { isRemote, resolvePath } from "./repository-path.ts";

/**
 * Turns the relative paths of a merged model (contexts, env files, bind mounts, secrets and configs) into paths from the repository's root,
 * and names the context and Dockerfile of builds that do not.
 * `directory` is the one of the first Compose file (Compose specification, Path resolution).
 */
export function resolvePaths(model: YamlMap, directory: string): YamlMap {
  const path = (node: YamlNode): YamlNode => {
    if (node.kind !== "scalar" || typeof node.value !== "string" || isRemote(node.value) || /^[/~]/.test(node.value))
      return node;
    return scalarNode(node.place, resolvePath(directory, node.value));
  };
  const mount = (node: YamlNode) => {
    const isBind = node.kind === "map" && typeOf(node) === "bind";
    return isBind ? change(node, { source: path }) : node;
  };
  const service = (node: YamlNode) =>
    change(node, {
      build: (build) =>
        withBuildDefaults(
          change(build, { context: path, additional_contexts: (named) => values(named, path) }),
          directory,
        ),
      env_file: (files) => items(files, (file) => change(file, { path })),
      volumes: (volumes) => items(volumes, mount),
    });
  const declared = (node: YamlNode) => values(node, (each) => change(each, { file: path }));
  return change(model, { services: (node) => values(node, service), secrets: declared, configs: declared });
}

function withBuildDefaults(build: YamlNode, directory: string): YamlNode {
  if (build.kind !== "map") return build;
  const entries = new Map(build.entries);
  const set = (key: string, value: string) =>
    entries.set(key, { key: build.place, node: scalarNode(build.place, value) });
  if (!entries.has("context")) set("context", resolvePath(directory, "."));
  if (!entries.has("dockerfile") && !entries.has("dockerfile_inline")) set("dockerfile", "Dockerfile");
  return { ...build, entries };
}

function typeOf(node: YamlMap): unknown {
  const type = node.entries.get("type")?.node;
  return type?.kind === "scalar" ? type.value : undefined;
}

function items(node: YamlNode, each: (item: YamlNode) => YamlNode): YamlNode {
  return node.kind === "list" ? listNode(node.place, node.items.map(each)) : node;
}

function values(node: YamlNode, each: (value: YamlNode) => YamlNode): YamlNode {
  if (node.kind !== "map") return node;
  return mapNode(
    node.place,
    [...node.entries].map(([name, entry]) => [name, each(entry.node), entry.key]),
  );
}

function change(node: YamlMap, changes: Record<string, (node: YamlNode) => YamlNode>): YamlMap;
function change(node: YamlNode, changes: Record<string, (node: YamlNode) => YamlNode>): YamlNode;
function change(node: YamlNode, changes: Record<string, (node: YamlNode) => YamlNode>): YamlNode {
  if (node.kind !== "map") return node;
  const entries = [...node.entries].map(([key, entry]: [string, Entry]) => {
    const turn = Object.hasOwn(changes, key) ? changes[key] : undefined;
    return [key, turn ? turn(entry.node) : entry.node, entry.key] as const;
  });
  return mapNode(node.place, entries);
}
