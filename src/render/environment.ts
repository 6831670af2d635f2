import { excerpt } from "../config/excerpt.ts";
import { child, type Entry, mapNode, scalarNode, toValue, type YamlMap, type YamlNode } from "../config/yaml-node.ts";
import { InputError } from "../domain/errors.ts";
import { parseEnvFile, parseRawEnvFile } from "./env-file.ts";
import type { Scope } from "./interpolate.ts";
import { leadsOutside, readAt, type SourceReader } from "./repository-path.ts";
import { isNull } from "./form.ts";

/**
 * Reads each service's env files into its `environment` (the file's own entries win) and gives bare names the scope's
 * values, as `docker compose config` does. Paths that the policy refuses are passed over here.
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
  const entries = new Map(service.entries);
  const own = service.entries.get("environment");
  const files = child(service, "env_file");
  const environment = new Map(
    files?.kind === "list" ? files.items.flatMap((file) => [...readFile(file, reader, scope)]) : [],
  );
  if (own?.node.kind === "map") for (const [name, entry] of resolveBare(own.node, scope)) environment.set(name, entry);
  if (environment.size > 0) {
    const place = own?.node.place ?? files?.place ?? service.place;
    entries.set("environment", { key: own?.key ?? place, node: { place, kind: "map", entries: environment } });
  }
  const build = service.entries.get("build");
  const args = child(build?.node, "args");
  if (build?.node.kind === "map" && args?.kind === "map") {
    const known = new Map(resolveBare(args, scope).filter(([, entry]) => !isNull(entry.node)));
    const inner = new Map(build.node.entries).set("args", {
      key: args.place,
      node: { place: args.place, kind: "map", entries: known },
    });
    entries.set("build", { key: build.key, node: { ...build.node, entries: inner } });
  }
  return { ...service, entries };
}

/** `environment: [TOKEN]` takes the value from the scope; without one it stays nothing. */
function resolveBare(node: YamlMap, scope: Scope): [string, Entry][] {
  return [...node.entries].map(([name, entry]) => {
    if (!isNull(entry.node)) return [name, entry];
    const value = scope.lookup(name);
    if (value === undefined) scope.onUnset(name, entry.key);
    return [name, { key: entry.key, node: scalarNode(entry.node.place, value ?? null) }];
  });
}

function readFile(file: YamlNode, reader: SourceReader, scope: Scope): [string, Entry][] {
  const path = String(toValue(child(file, "path") ?? file));
  if (leadsOutside(path)) return [];
  const text = readAt(reader, path, file.place);
  const required = child(file, "required");
  if (text === null && required?.kind === "scalar" && required.value === false) return [];
  if (text === null) {
    throw new InputError("file-missing", `there is no env file ${excerpt(path)}`, {
      place: file.place,
      hint: "Commit it, or make it optional: { path: …, required: false }.",
    });
  }
  const format = child(file, "format");
  const isRaw = format?.kind === "scalar" && format.value === "raw";
  const entries = isRaw ? parseRawEnvFile(path, text, scope) : parseEnvFile(path, text, scope);
  return [...entries].map(([name, entry]) => [name, { key: entry.place, node: scalarNode(entry.place, entry.value) }]);
}
