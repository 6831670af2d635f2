import { child, type YamlMap, type YamlNode } from "../config/yaml-node.ts";

/**
 * A merged model without the networks, volumes, secrets and configs that no service names, as Compose leaves them out:
 * they are not made, and so not judged.
 */
export function withoutUnused(model: YamlMap): YamlMap {
  const services = child(model, "services");
  const all = services?.kind === "map" ? [...services.entries.values()].map(({ node }) => node) : [];
  const used = {
    networks: new Set(["default", ...all.flatMap((service) => namesIn(child(service, "networks")))]),
    volumes: new Set(all.flatMap((service) => sourcesIn(child(service, "volumes")))),
    secrets: new Set(all.flatMap((s) => [child(s, "secrets"), child(child(s, "build"), "secrets")].flatMap(sourcesIn))),
    configs: new Set(all.flatMap((service) => sourcesIn(child(service, "configs")))),
  };
  const entries = new Map(model.entries);
  for (const [section, names] of Object.entries(used)) {
    const entry = entries.get(section);
    if (entry?.node.kind !== "map") continue;
    const kept = new Map([...entry.node.entries].filter(([name]) => names.has(name)));
    if (kept.size === 0) entries.delete(section);
    else entries.set(section, { key: entry.key, node: { ...entry.node, entries: kept } });
  }
  return { ...model, entries };
}

function namesIn(node: YamlNode | undefined): string[] {
  return node?.kind === "map" ? [...node.entries.keys()] : [];
}

function sourcesIn(node: YamlNode | undefined): string[] {
  const items = node?.kind === "list" ? node.items : [];
  return items.flatMap((item) => {
    const source = child(item, "source");
    return source?.kind === "scalar" ? [String(source.value)] : [];
  });
}
