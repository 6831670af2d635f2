import { excerpt } from "../../config/excerpt.ts";
import { child, type Entry, mapNode, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { InputError } from "../../domain/errors.ts";
import { mergeServices } from "./compose-merge.ts";
import { dropPaths } from "./compose-reset.ts";
import { invalid } from "../findings.ts";
import { isNull } from "../forms/form.ts";
import type { Scope } from "./interpolate.ts";

/** One file while its services are extended: canonical, its own paths resolved, nothing extended yet. */
export type Layer = {
  file: string;
  model: YamlMap;
  /** What this file resets or replaces; of an extended service, too. */
  resets: readonly (readonly string[])[];
};

/** Longer chains than this are a mistake. */
const maxChain = 64;

/**
 * Services with the ones they extend merged under them (Compose specification, Extends). `open` reads another file, whose
 * path is told as it is written in `layer`; null where it is refused. Throws InputError `invalid-value`.
 */
export function extendServices(
  layer: Layer,
  open: (from: Layer, path: YamlNode) => Layer | null,
  scope: Scope,
): YamlMap {
  const done = new Map<Layer, Map<string, Entry>>();
  const services = layer.model.entries.get("services");
  if (services?.node.kind !== "map") return layer.model;
  const entries = [...services.node.entries].map(([name, entry]) => {
    return [name, resolve(layer, name, entry, []).node, entry.key] as const;
  });
  const node = mapNode(services.node.place, entries);
  return { ...layer.model, entries: new Map(layer.model.entries).set("services", { ...services, node }) };

  function resolve(from: Layer, name: string, entry: Entry, chain: readonly string[]): Entry {
    const extended = child(entry.node, "extends");
    if (extended === undefined || entry.node.kind !== "map") return entry;
    const known = done.get(from) ?? new Map<string, Entry>();
    done.set(from, known);
    const earlier = known.get(name);
    if (earlier) return earlier;
    const resolved = { ...entry, node: extend(from, name, entry.node, chain) };
    known.set(name, resolved);
    return resolved;
  }

  function extend(from: Layer, name: string, service: YamlMap, chain: readonly string[]): YamlMap {
    const written = child(service, "extends") ?? service;
    const link = `${name} in ${from.file}`;
    if (chain.includes(link))
      throw invalid(written, `services extend each other: ${[...chain, link].join(", which extends ")}`);
    if (chain.length >= maxChain) throw invalid(written, `services extend each other more than ${maxChain} times over`);
    const own = without(service, "extends");
    const file = child(written, "file");
    const base = file && !isNull(file) ? open(from, file) : from;
    if (!base) return own;
    const wanted = nameOf(written);
    const found = entryOf(base.model, wanted);
    if (!found) {
      throw invalid(written, `services.${name} extends ${excerpt(wanted)}, which does not exist in ${base.file}`);
    }
    const { node } = resolve(base, wanted, found, [...chain, link]);
    if (node.kind !== "map") return own;
    const source = dropPaths(mapNode(node.place, [["services", mapNode(node.place, [[name, node]])]]), from.resets);
    const under = child(child(source, "services"), name);
    return under?.kind === "map" ? mergeServices(under, own, scope.spend) : own;
  }
}

function nameOf(extended: YamlNode): string {
  const name = extended.kind === "map" ? child(extended, "service") : extended;
  if (name?.kind === "scalar" && typeof name.value === "string") return name.value;
  throw new InputError("invalid-value", "extends must name a service", { place: extended.place });
}

function entryOf(model: YamlMap, service: string): Entry | undefined {
  const services = child(model, "services");
  return services?.kind === "map" ? services.entries.get(service) : undefined;
}

function without(node: YamlMap, key: string): YamlMap {
  const entries = new Map(node.entries);
  entries.delete(key);
  return { ...node, entries };
}
