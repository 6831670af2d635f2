import { excerpt } from "../../config/excerpt.ts";
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
import { InputError, type Place } from "../../domain/errors.ts";
import { parseEnvFile, parseRawEnvFile } from "./env-file.ts";
import { type Findings, note } from "../findings.ts";
import type { Scope } from "./interpolate.ts";
import { leadsOutside, readAt, type SourceReader } from "../repository-path.ts";
import { isNull } from "../forms/form.ts";
import { standInFor } from "./stand-ins.ts";

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
  const value = handedOn(item.value, scope);
  return value === undefined ? item : scalarNode(item.place, `${item.value}=${value}`);
}

/**
 * Reads each service's env files into its `environment` and label files into its `labels` (its own entries win) and gives
 * bare names the scope's values, as `docker compose config` does. Paths that the policy refuses are passed over here.
 * Throws InputError `file-missing`, `path-outside`, and those of env files.
 */
export function resolveEnvironments(model: YamlMap, scope: Scope, from: Files): YamlMap {
  const services = model.entries.get("services");
  if (services?.node.kind !== "map") return model;
  const resolved = [...services.node.entries].map(
    ([name, entry]) => [name, resolveService(entry.node, { ...from, scope }), entry.key] as const,
  );
  const entries = new Map(model.entries);
  entries.set("services", { key: services.key, node: mapNode(services.node.place, resolved) });
  return { ...model, entries };
}

function resolveService(service: YamlNode, source: Source): YamlNode {
  const { scope } = source;
  if (service.kind !== "map") return service;
  const own = child(service, "environment");
  const variables = own?.kind === "map" ? resolveBare(own, scope) : [];
  const args = child(child(service, "build"), "args");
  let resolved = withFiles(service, "environment", variables, (values) => readEnvFiles(service, values, source));
  const labels = child(service, "labels");
  const ownLabels = labels?.kind === "map" ? [...labels.entries] : [];
  resolved = withFiles(resolved, "labels", ownLabels, () => readLabelFiles(service, source));
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
    const value = handedOn(name, scope) ?? scope.onUnset(name, entry.key);
    return [name, { key: entry.key, node: scalarNode(entry.node.place, value ?? null) }];
  });
}

/** The value that a bare name takes on. Where Compose is started from is for paths alone, and nothing that a service is told. */
function handedOn(name: string, scope: Scope): string | undefined {
  return name === "HOME" || name === "PWD" ? undefined : scope.lookup(name);
}

type Files = { reader: SourceReader; findings: Findings };
type Source = Files & { scope: Scope };

/** Each file sees the scope, the service's own variables, and those of the files before it. */
function readEnvFiles(service: YamlMap, own: ReadonlyMap<string, Entry>, source: Source): Map<string, Entry> {
  const { scope } = source;
  const read = new Map<string, Entry>();
  const valueIn = (entries: ReadonlyMap<string, Entry>, name: string) => {
    const node = entries.get(name)?.node;
    return node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;
  };
  const lookup = (name: string) => scope.lookup(name) ?? valueIn(own, name) ?? valueIn(read, name);
  const files = child(service, "env_file");
  for (const file of files?.kind === "list" ? files.items : []) {
    for (const [name, entry] of readFile(file, { ...source, scope: { ...scope, lookup } })) read.set(name, entry);
  }
  return read;
}

/** Label files see their own earlier lines alone. */
function readLabelFiles(service: YamlMap, source: Source): Map<string, Entry> {
  const read = new Map<string, Entry>();
  const files = child(service, "label_file");
  for (const file of files?.kind === "list" ? files.items : []) {
    const lookup = (name: string) => {
      const node = read.get(name)?.node;
      return node?.kind === "scalar" ? String(node.value) : undefined;
    };
    for (const [name, entry] of readFile(file, { ...source, scope: { ...source.scope, lookup } }))
      read.set(name, entry);
  }
  return read;
}

function readFile(file: YamlNode, { reader, findings, scope }: Source): [string, Entry][] {
  const written = String(toValue(child(file, "path") ?? file));
  if (leadsOutside(written)) return [];
  const required = child(file, "required");
  const isOptional = required?.kind === "scalar" && required.value === false;
  const there = readAt(reader, written, file.place);
  if (there === null && isOptional) return [];
  const path = there === null ? standIn(written, file, { reader, findings }) : written;
  const text = there ?? readAt(reader, path, file.place) ?? "";
  const format = child(file, "format");
  const isRaw = format?.kind === "scalar" && format.value === "raw";
  const entries = isRaw ? parseRawEnvFile(path, text, scope) : parseEnvFile(path, text, scope);
  return [...entries].map(([name, entry]) => [name, { key: entry.place, node: scalarNode(entry.place, entry.value) }]);
}

/** What is read in place of an env file that is not committed, as it is told; throws InputError `file-missing` where nothing is. */
function standIn(path: string, { place, kind }: YamlNode, { reader, findings }: Files): string {
  const isEnv = kind === "map";
  const found = isEnv ? standInFor(path, reader) : null;
  if (found === null) {
    const hint = isEnv
      ? `Commit ${excerpt(path, 100)}.example beside it, or make it optional: { path: ${excerpt(path, 100)}, required: false }.`
      : "Commit it, or correct its path.";
    const message = `there is no ${isEnv ? "env" : "label"} file ${excerpt(path)}`;
    throw new InputError("file-missing", message, { place, hint });
  }
  const message = `${excerpt(path, 100)} is not committed: ${excerpt(found, 100)} stands in for it`;
  const hint = "What must differ in a preview, set under `services: { NAME: { environment: … } }` in .mayfly.yaml.";
  findings.add(note(place, "env-file-example", message, hint));
  return found;
}
