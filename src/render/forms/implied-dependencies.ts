import { child, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { dependency } from "./run-forms.ts";

const namespaces = ["network_mode", "ipc", "pid", "uts", "cgroup"];

/**
 * A service with the dependencies that it has without saying so: on those it links to, shares a namespace with or takes
 * volumes from (what `docker compose config` prints).
 */
export function impliedDependencies(service: YamlNode): YamlNode {
  if (service.kind !== "map") return service;
  const written = service.entries.get("depends_on");
  const entries = new Map(written?.node.kind === "map" ? written.node.entries : []);
  const before = entries.size;
  const imply = (name: string, { place }: YamlNode, restart: boolean) => {
    if (!entries.has(name)) entries.set(name, { key: place, node: dependency(place, restart) });
  };
  for (const link of itemsOf(service, "links")) {
    const [name = "", , ...rest] = textOf(link).split(":");
    imply(rest.length === 0 ? name : textOf(link), link, true);
  }
  for (const key of namespaces) {
    const shared = child(service, key);
    const [, name] = /^service:(.*)$/s.exec(shared ? textOf(shared) : "") ?? [];
    if (shared && name !== undefined) imply(name, shared, true);
  }
  for (const from of itemsOf(service, "volumes_from")) {
    if (!textOf(from).startsWith("container:")) imply(textOf(from).split(":")[0] ?? "", from, false);
  }
  if (entries.size === before) return service;
  const place = written?.node.place ?? service.place;
  const node: YamlNode = { place, kind: "map", entries };
  return { ...service, entries: new Map(service.entries).set("depends_on", { key: written?.key ?? place, node }) };
}

function itemsOf(service: YamlNode, key: string): readonly YamlNode[] {
  const list = child(service, key);
  return list?.kind === "list" ? list.items : [];
}

function textOf(node: YamlNode): string {
  return String(toValue(node));
}
