import type { Manifest } from "../config/manifest.ts";
import { child, keyPlaceOf, listNode, mapNode, type YamlMap, type YamlNode } from "../config/yaml-node.ts";
import { InputError } from "../domain/errors.ts";
import { nearest } from "../domain/verbs.ts";
import { excerpt } from "../config/excerpt.ts";

/**
 * Parsed Compose files with the manifest's `services:` as the last of them, and without the services that it drops: no
 * variable of theirs is missed, and no file. `known` are the services of all files. Throws InputError `invalid-value` for
 * another name.
 */
export function withOverrides(files: readonly YamlNode[], manifest: Manifest, known: readonly string[]): YamlNode[] {
  const written = child(manifest.node, "services");
  if (written?.kind !== "map") return [...files];
  for (const name of written.entries.keys()) if (!known.includes(name)) throw unknown(name, manifest, known);
  const dropped = droppedServices(manifest);
  const kept = [...written.entries].filter(([name]) => !dropped.has(name));
  const override = mapNode(
    written.place,
    kept.map(([name, entry]) => [name, entry.node, entry.key]),
  );
  const unneeded = dropped.difference(extendedServices(files));
  const last = kept.length === 0 ? [] : [mapNode(written.place, [["services", override]])];
  return [...files.map((file) => withoutServices(file, unneeded)), ...last];
}

/** A Compose file without some of its services. */
export function withoutServices(file: YamlNode, names: ReadonlySet<string>): YamlNode {
  return change(file, "services", (services) => without(services, names));
}

/** A merged model without the services that the manifest drops, which nobody waits for or links to any more. */
export function dropServices(model: YamlMap, dropped: ReadonlySet<string>): YamlMap {
  if (dropped.size === 0) return model;
  const name = (link: YamlNode) => (link.kind === "scalar" ? (String(link.value).split(":")[0] ?? "") : "");
  const forget = (service: YamlNode) => {
    const waiting = change(service, "depends_on", (dependencies) => without(dependencies, dropped));
    return change(waiting, "links", (links) =>
      links.kind === "list"
        ? listNode(
            links.place,
            links.items.filter((link) => !dropped.has(name(link))),
          )
        : links,
    );
  };
  const dropping = (services: YamlNode) => {
    const left = without(services, dropped);
    if (left.kind !== "map") return left;
    return mapNode(
      left.place,
      [...left.entries].map(([each, entry]) => [each, forget(entry.node), entry.key]),
    );
  };
  return change(model, "services", dropping);
}

/** The services that the manifest leaves out of the preview. */
export function droppedServices({ services = {} }: Pick<Manifest, "services">): ReadonlySet<string> {
  return new Set(Object.keys(services).filter((name) => services[name] === "drop"));
}

/** What others extend has to be read, whatever becomes of it. */
function extendedServices(files: readonly YamlNode[]): Set<string> {
  const names = new Set<string>();
  for (const file of files) {
    const services = child(file, "services");
    for (const entry of services?.kind === "map" ? services.entries.values() : []) {
      const said = child(entry.node, "extends");
      const name = said?.kind === "map" ? child(said, "service") : said;
      if (name?.kind === "scalar") names.add(String(name.value));
    }
  }
  return names;
}

function without(node: YamlNode, names: ReadonlySet<string>): YamlNode {
  if (node.kind !== "map") return node;
  return { ...node, entries: new Map([...node.entries].filter(([name]) => !names.has(name))) };
}

function change(node: YamlMap, key: string, turn: (node: YamlNode) => YamlNode): YamlMap;
function change(node: YamlNode, key: string, turn: (node: YamlNode) => YamlNode): YamlNode;
function change(node: YamlNode, key: string, turn: (node: YamlNode) => YamlNode): YamlNode {
  const entry = node.kind === "map" ? node.entries.get(key) : undefined;
  if (node.kind !== "map" || entry === undefined) return node;
  return { ...node, entries: new Map(node.entries).set(key, { key: entry.key, node: turn(entry.node) }) };
}

function unknown(name: string, { node }: Manifest, known: readonly string[]): InputError {
  const meant = nearest(name, known);
  return new InputError(
    "invalid-value",
    `services names the service "${excerpt(name)}", which the stack does not have`,
    {
      place: keyPlaceOf(node, ["services", name]),
      hint: meant === undefined ? `There are: ${excerpt(known.join(", "))}.` : `Did you mean ${meant}?`,
    },
  );
}
