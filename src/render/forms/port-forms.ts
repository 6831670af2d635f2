import { z } from "zod";
import { listNode, mapNode, scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { invalid } from "../findings.ts";
import { asMap, fields, type Form } from "./form.ts";
import { whole } from "./quantity-forms.ts";
import { scalarText, text, wholeText } from "./value-forms.ts";

/** What one service's lines may come to: each port is a value of its own from here on. */
const maxPorts = 1000;

const port = fields(
  {
    name: text,
    mode: text,
    host_ip: text,
    target: whole,
    published: wholeText,
    protocol: text,
    app_protocol: text,
  },
  { required: ["target"] },
);

/** `ports`, short and long, as a list of `{ mode, host_ip, target, published, protocol }` (Compose specification, Ports). */
export const ports: Form = {
  read(node, at, findings) {
    if (node.kind !== "list") throw invalid(node, `${at} must be a list`);
    const expanded: YamlNode[] = [];
    for (const [index, item] of node.items.entries()) {
      const itemAt = `${at}[${index}]`;
      if (item.kind === "map") expanded.push(port.read(item, itemAt, findings));
      else expanded.push(...shortForm(item, itemAt));
      if (expanded.length > maxPorts) throw invalid(item, `${at} comes to more than ${maxPorts} ports`);
    }
    return listNode(node.place, expanded);
  },
  settle(node, at) {
    if (node.kind !== "list") return node;
    return listNode(
      node.place,
      node.items.map((item, index) => withDefaults(item, `${at}[${index}]`)),
    );
  },
  print: (node) => (node.kind === "list" && node.items.length > 0 ? node.items.map(port.print ?? toValue) : undefined),
};

function withDefaults(node: YamlNode, at: string): YamlNode {
  const { place, entries } = asMap(port.settle?.(node, at) ?? node, at);
  const host = entries.get("host_ip")?.node;
  if (host && !isAddress(String(toValue(host))))
    throw invalid(host, `${at}.host_ip is no IP address: "${String(toValue(host))}"`);
  const missing = [
    ["mode", "ingress"],
    ["protocol", "tcp"],
  ].filter(([key = ""]) => !entries.has(key));
  const defaults = missing.map(([key = "", value = ""]) => [key, scalarNode(place, value)] as const);
  return mapNode(place, [...defaults, ...[...entries].map(([key, entry]) => [key, entry.node, entry.key] as const)]);
}

/** `[[HOST:]PUBLISHED:]TARGET[/PROTOCOL]`, ports or ranges; the host may be an IPv6 address, also in brackets. */
function shortForm(node: YamlNode, at: string): YamlNode[] {
  const said = scalarText(node, at);
  const parts = said.split(":");
  const [target = "", protocol = ""] = (parts.at(-1) ?? "").split("/");
  const published = parts.at(-2) ?? "";
  const address = parts.slice(0, -2).join(":");
  const host = address.replace(/^\[(.*)\]$/, "$1");
  if (!/^[\d-]+$/.test(target) || /^0+(-|$)/.test(target) || !/^(tcp|udp|sctp|)$/i.test(protocol))
    throw invalid(node, `${at} is no port: "${said}"`);
  if (host !== "" && !isAddress(host)) throw invalid(node, `${at}: "${host}" is no IP address`);
  if (address === host && host.includes(":")) throw invalid(node, `${at}: write the address as [${host}]`);
  const targets = range(node, target, at);
  const hosts = published === "" ? [] : range(node, published, at);
  if (published !== "" && targets.length > 1 && hosts.length !== targets.length) {
    throw invalid(node, `${at}: the two ranges of "${said}" are not equally long`);
  }
  const expanded = targets.map((each, index) =>
    mapNode(node.place, [
      ["mode", scalarNode(node.place, "ingress")],
      ...(host === "" ? [] : [["host_ip", scalarNode(node.place, host)] as const]),
      ["target", scalarNode(node.place, each)],
      ...(published === ""
        ? []
        : [["published", scalarNode(node.place, publishedText(hosts, targets, index))] as const]),
      ["protocol", scalarNode(node.place, protocol.toLowerCase() || "tcp")],
    ]),
  );
  return expanded.toSorted((a, b) => inTextOrder(targetOf(a), targetOf(b)));
}

const addresses = z.union([z.ipv4(), z.ipv6()]);

function isAddress(said: string): boolean {
  return addresses.safeParse(said).success;
}

/** A single target takes any port of a range. */
function publishedText(hosts: readonly number[], targets: readonly number[], index: number): string {
  return targets.length === 1 && hosts.length > 1 ? `${hosts[0]}-${hosts.at(-1)}` : String(hosts[index]);
}

/** Compose prints the ports of a range in the order of their texts. */
function inTextOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function targetOf(node: YamlNode): string {
  const target = node.kind === "map" ? node.entries.get("target")?.node : undefined;
  return `${target ? String(toValue(target)) : ""}/`;
}

function range(node: YamlNode, said: string, at: string): number[] {
  const [, from = "", to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(said) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === "" || last < first || last > 65_535) throw invalid(node, `${at}: "${said}" is no port and no range`);
  if (last - first >= maxPorts) throw invalid(node, `${at}: "${said}" has more than ${maxPorts} ports`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
