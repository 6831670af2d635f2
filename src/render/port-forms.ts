import { listNode, mapNode, scalarNode, type YamlNode } from "../config/yaml-node.ts";
import { invalid } from "./findings.ts";
import { fields, type Form, text, textOf, whole } from "./value-forms.ts";

/** The widest range of ports that one line may name, and the most that one service may have. */
const maxRange = 100;

const longForm = fields({
  target: whole,
  published: text,
  host_ip: text,
  protocol: text,
  mode: text,
  name: text,
  app_protocol: text,
});

/** `ports`, short and long, as a list of `{ mode, host_ip, target, published, protocol }` (Compose specification, Ports). */
export const ports: Form = (node, at, findings) => {
  if (node.kind !== "list") throw invalid(node, `${at} must be a list`);
  const expanded: YamlNode[] = [];
  for (const [index, item] of node.items.entries()) {
    const itemAt = `${at}[${index}]`;
    if (item.kind === "map") expanded.push(withDefaults(longForm(item, itemAt, findings), itemAt));
    else expanded.push(...shortForm(item, itemAt));
    if (expanded.length > maxRange) throw invalid(item, `${at} comes to more than ${maxRange} ports`);
  }
  return listNode(node.place, expanded);
};

function withDefaults(node: YamlNode, at: string): YamlNode {
  if (node.kind !== "map") return node;
  const has = (key: string) => node.entries.has(key);
  if (!has("target")) throw invalid(node, `${at}.target is missing`);
  return mapNode(node.place, [
    ...(has("mode") ? [] : [["mode", scalarNode(node.place, "ingress")] as const]),
    ...[...node.entries].map(([key, entry]) => [key, entry.node, entry.key] as const),
    ...(has("protocol") ? [] : [["protocol", scalarNode(node.place, "tcp")] as const]),
  ]);
}

/** `[[HOST:]PUBLISHED:]TARGET[/PROTOCOL]`, ports or ranges. */
function shortForm(node: YamlNode, at: string): YamlNode[] {
  const said = textOf(node, at);
  const match = /^(?:(?:(\[[^\]]*\]|[^:]*):)?([\d-]*):)?(\d{1,5}(?:-\d{1,5})?)(?:\/([a-z]+))?$/.exec(said);
  if (!match) throw invalid(node, `${at} is no port: "${said}"`);
  const [, host = "", published = "", target = "", protocol = "tcp"] = match;
  const targets = range(node, target, at);
  const hosts = published === "" ? [] : range(node, published, at);
  if (hosts.length > 1 && targets.length > 1 && hosts.length !== targets.length) {
    throw invalid(node, `${at}: the two ranges of "${said}" are not equally long`);
  }
  return targets.map((port, index) =>
    mapNode(node.place, [
      ["mode", scalarNode(node.place, "ingress")],
      ...(host === "" ? [] : [["host_ip", scalarNode(node.place, host.replaceAll(/[[\]]/g, ""))] as const]),
      ["target", scalarNode(node.place, port)],
      ...(published === ""
        ? []
        : [["published", scalarNode(node.place, targets.length === 1 ? published : String(hosts[index]))] as const]),
      ["protocol", scalarNode(node.place, protocol)],
    ]),
  );
}

function range(node: YamlNode, said: string, at: string): number[] {
  const [from = 0, to = from] = said.split("-").map(Number);
  const valid = from >= 0 && to >= from && to <= 65_535 && to - from < maxRange;
  if (!valid) throw invalid(node, `${at}: "${said}" must be a port, or a range of at most ${maxRange}`);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
