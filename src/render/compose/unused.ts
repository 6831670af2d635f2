import { child, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";

/** A model without the networks, volumes, secrets, configs and models that no service uses: Compose prints none of them. */
export function withoutUnused(model: YamlMap): YamlMap {
  const services = child(model, "services");
  const all = services?.kind === "map" ? [...services.entries.values()].map((entry) => entry.node) : [];
  const sources = (service: YamlNode, key: string) =>
    itemsOf(child(service, key)).map((item) => fieldOf(item, "source"));
  const used: Record<string, Set<string>> = {
    networks: new Set(all.flatMap(networksOf)),
    volumes: new Set(
      all.flatMap((service) =>
        itemsOf(child(service, "volumes")).flatMap((mount) =>
          fieldOf(mount, "type") === "volume" ? [fieldOf(mount, "source")] : [],
        ),
      ),
    ),
    secrets: new Set(
      all.flatMap((service) => [
        ...sources(service, "secrets"),
        ...sources(child(service, "build") ?? service, "secrets"),
      ]),
    ),
    configs: new Set(all.flatMap((service) => sources(service, "configs"))),
    models: new Set(all.flatMap((service) => keysOf(child(service, "models")))),
  };
  const entries = new Map(model.entries);
  for (const [section, names] of Object.entries(used)) {
    const entry = entries.get(section);
    if (entry?.node.kind !== "map") continue;
    const kept = [...entry.node.entries].filter(([name]) => names.has(name));
    if (kept.length === 0) entries.delete(section);
    else entries.set(section, { ...entry, node: { ...entry.node, entries: new Map(kept) } });
  }
  return { ...model, entries };
}

/** The default network is joined where nothing else is said. */
function networksOf(service: YamlNode): string[] {
  const joined = keysOf(child(service, "networks"));
  const hasOther = child(service, "network_mode") !== undefined || child(service, "provider") !== undefined;
  return joined.length > 0 || hasOther ? joined : ["default"];
}

function itemsOf(node: YamlNode | undefined): YamlNode[] {
  return node?.kind === "list" ? node.items : [];
}

function keysOf(node: YamlNode | undefined): string[] {
  return node?.kind === "map" ? [...node.entries.keys()] : [];
}

function fieldOf(node: YamlNode, key: string): string {
  const field = child(node, key);
  return field ? textOf(field) : "";
}

function textOf(node: YamlNode): string {
  return node.kind === "scalar" ? String(toValue(node)) : "";
}
