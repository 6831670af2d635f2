import { excerpt } from "../config/excerpt.ts";
import {
  child,
  type Entry,
  listNode,
  mapNode,
  scalarNode,
  toValue,
  type YamlMap,
  type YamlNode,
} from "../config/yaml-node.ts";
import { InputError, type Place } from "../domain/errors.ts";
import { parseEnvFile, parseRawEnvFile } from "./env-file.ts";
import type { Scope } from "./interpolate.ts";
import { leadsOutside, readAt, type SourceReader } from "./repository-path.ts";
import { isNull } from "./form.ts";

/**
 * `environment: [TOKEN]`, written as a list, takes its value where it is written: in an included file also from the
 * inclusion's env files. Written as a map it waits for `resolveEnvironments`; so does what has no value here.
 */
export function resolveListedVariables(file: YamlNode, scope: Scope): YamlNode {
  const services = child(file, "services");
  if (file.kind !== "map" || services?.kind !== "map") return file;
  const resolved = [...services.entries].map(([name, entry]) => {
    const own = entry.node.kind === "map" ? entry.node.entries.get("environment") : undefined;
    if (entry.node.kind !== "map" || own?.node.kind !== "list") return [name, entry.node, entry.key] as const;
    const items = own.node.items.map((item) => listed(item, scope));
    const entries = new Map(entry.node.entries).set("environment", { ...own, node: listNode(own.node.place, items) });
    return [name, { ...entry.node, entries }, entry.key] as const;
  });
  const entries = new Map(file.entries);
  return {
    ...file,
    entries: entries.set("services", { key: services.place, node: mapNode(services.place, resolved) }),
  };
}

function listed(item: YamlNode, scope: Scope): YamlNode {
  if (item.kind !== "scalar" || typeof item.value !== "string" || item.value.includes("=")) return item;
  const value = scope.lookup(item.value);
  return value === undefined ? item : scalarNode(item.place, `${item.value}=${value}`);
}

/**
 * Reads each service's env files into its `environment` and label files into its `labels` (its own entries win) and gives
 * bare names the scope's values, as `docker compose config` does. Paths that the policy refuses are passed over here.
 * Throws InputError `file-missing`, `path-outside`, and those of env files.
 */
export function resolveEnvironments(model: YamlMap, reader: SourceReader, scope: Scope): YamlMap {
  const services = model.entries.get("services");
  if (services?.node.kind !== "map") return model;
  const resolved = [...services.node.entries].map(
    ([name, entry]) => [name, resolveService(entry.node, reader, scope), entry.key] as const,
  );
  const entries = new Map(model.entries);
  entries.set("services", { key: services.key, node: mapNode(services.node.place, resolved) });
  return { ...model, entries };
}

function resolveService(service: YamlNode, reader: SourceReader, scope: Scope): YamlNode {
  if (service.kind !== "map") return service;
  const own = child(service, "environment");
  const variables = own?.kind === "map" ? resolveBare(own, scope) : [];
  const args = child(child(service, "build"), "args");
  let resolved = withFiles(service, "environment", variables, (values) =>
    readEnvFiles(service, values, { reader, scope }),
  );
  const labels = child(service, "labels");
  const ownLabels = labels?.kind === "map" ? [...labels.entries] : [];
  resolved = withFiles(resolved, "labels", ownLabels, () => readLabelFiles(service, { reader, scope }));
  if (args?.kind !== "map") return resolved;
  const known = resolveBare(args, scope).filter(([, entry]) => !isNull(entry.node));
  return withEntries(resolved, ["build", "args"], new Map(known), args.place);
}

type Entries = readonly [string, Entry][];

/** Own entries win over those of files. */
function withFiles(
  service: YamlMap,
  key: string,
  own: Entries,
  read: (own: ReadonlyMap<string, Entry>) => Map<string, Entry>,
): YamlMap {
  const values = new Map(own);
  const all = new Map([...read(values), ...values]);
  const place = child(service, key)?.place ?? [...all.values()][0]?.key ?? service.place;
  return all.size > 0 ? withEntries(service, [key], all, place) : service;
}

function withEntries(
  node: YamlMap,
  [key = "", ...rest]: readonly string[],
  own: Map<string, Entry>,
  place: Place,
): YamlMap {
  const earlier = node.entries.get(key);
  const inner =
    earlier?.node.kind === "map" && rest.length > 0 ? withEntries(earlier.node, rest, own, place) : undefined;
  const entry = { key: earlier?.key ?? place, node: inner ?? { place, kind: "map" as const, entries: own } };
  return { ...node, entries: new Map(node.entries).set(key, entry) };
}

/** A bare name takes the value from the scope; without one it stays nothing. */
function resolveBare(node: YamlMap, scope: Scope): [string, Entry][] {
  return [...node.entries].map(([name, entry]) => {
    if (!isNull(entry.node)) return [name, entry];
    const value = scope.lookup(name);
    if (value === undefined) scope.onUnset(name, entry.key);
    return [name, { key: entry.key, node: scalarNode(entry.node.place, value ?? null) }];
  });
}

type Source = { reader: SourceReader; scope: Scope };

/** Each file sees the scope, the service's own variables, and those of the files before it. */
function readEnvFiles(
  service: YamlMap,
  own: ReadonlyMap<string, Entry>,
  { reader, scope }: Source,
): Map<string, Entry> {
  const read = new Map<string, Entry>();
  const valueIn = (entries: ReadonlyMap<string, Entry>, name: string) => {
    const node = entries.get(name)?.node;
    return node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;
  };
  const lookup = (name: string) => scope.lookup(name) ?? valueIn(own, name) ?? valueIn(read, name);
  const files = child(service, "env_file");
  for (const file of files?.kind === "list" ? files.items : []) {
    for (const [name, entry] of readFile(file, { reader, scope: { ...scope, lookup } })) read.set(name, entry);
  }
  return read;
}

/** Label files see their own earlier lines alone. */
function readLabelFiles(service: YamlMap, { reader, scope }: Source): Map<string, Entry> {
  const read = new Map<string, Entry>();
  const files = child(service, "label_file");
  for (const file of files?.kind === "list" ? files.items : []) {
    const lookup = (name: string) => {
      const node = read.get(name)?.node;
      return node?.kind === "scalar" ? String(node.value) : undefined;
    };
    for (const [name, entry] of readFile(file, { reader, scope: { ...scope, lookup } })) read.set(name, entry);
  }
  return read;
}

function readFile(file: YamlNode, { reader, scope }: Source): [string, Entry][] {
  const path = String(toValue(child(file, "path") ?? file));
  if (leadsOutside(path)) return [];
  const text = readAt(reader, path, file.place);
  const required = child(file, "required");
  if (text === null && required?.kind === "scalar" && required.value === false) return [];
  if (text === null) {
    throw new InputError("file-missing", `there is no ${file.kind === "map" ? "env" : "label"} file ${excerpt(path)}`, {
      place: file.place,
      hint: "Commit it, or make it optional: { path: …, required: false }.",
    });
  }
  const format = child(file, "format");
  const isRaw = format?.kind === "scalar" && format.value === "raw";
  const entries = isRaw ? parseRawEnvFile(path, text, scope) : parseEnvFile(path, text, scope);
  return [...entries].map(([name, entry]) => [name, { key: entry.place, node: scalarNode(entry.place, entry.value) }]);
}
