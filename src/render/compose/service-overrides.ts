import type { Manifest } from "../../config/manifest.ts";
import { child, keyPlaceOf, listNode, mapNode, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { InputError } from "../../domain/errors.ts";
import { nearest } from "../../domain/verbs.ts";
import { excerpt } from "../../config/excerpt.ts";

/** The manifest's `services:` as a Compose file that comes last, or null where it changes none. */
export function overridesOf(manifest: Manifest): YamlNode | null {
  const written = child(manifest.node, "services");
  if (written?.kind !== "map") return null;
  const kept = without(written, droppedServices(manifest));
  return kept.kind === "map" && kept.entries.size > 0 ? mapNode(written.place, [["services", kept]]) : null;
}

/** Throws InputError `invalid-value` where the manifest names a service that no file has. */
export function refuseUnknownServices(manifest: Manifest, known: ReadonlySet<string>): void {
  const written = child(manifest.node, "services");
  if (written?.kind !== "map") return;
  for (const name of written.entries.keys()) if (!known.has(name)) throw unknown(name, manifest, [...known]);
}

/**
 * A Compose file as it is written, without some of its services, so that no variable of theirs is missed, and no file.
 * What others extend has to be read, whatever becomes of it.
 */
export function withoutServices(file: YamlNode, names: ReadonlySet<string>): YamlNode {
  const unneeded = names.difference(extendedServices(file));
  return unneeded.size === 0 ? file : change(file, "services", (services) => without(services, unneeded));
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

/** The names of a model's services, or of a file's as they are written: keys are not interpolated. */
export function servicesIn(model: YamlNode): string[] {
  const services = child(model, "services");
  return services?.kind === "map" ? [...services.entries.keys()] : [];
}

/** The services that the manifest leaves out of the preview. */
export function droppedServices({ services = {} }: Pick<Manifest, "services">): ReadonlySet<string> {
  return new Set(Object.keys(services).filter((name) => services[name] === "drop"));
}

function extendedServices(file: YamlNode): Set<string> {
  const services = child(file, "services");
  const extended =
    services?.kind === "map" ? [...services.entries.values()].map(({ node }) => child(node, "extends")) : [];
  const names = extended.map((said) => (said?.kind === "map" ? child(said, "service") : said));
  return new Set(names.flatMap((name) => (name?.kind === "scalar" ? [String(name.value)] : [])));
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
