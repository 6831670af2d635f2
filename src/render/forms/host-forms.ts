import { listNode, scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { invalid } from "../findings.ts";
import type { Form } from "./form.ts";
import { refuseTwice, textOf } from "./value-forms.ts";

/**
 * `extra_hosts` as a list of `HOST=ADDRESS`: a map of an address or a list of them, or a list of `HOST=ADDRESS` and
 * `HOST:ADDRESS`, where several addresses may stand between commas and IPv6 in brackets.
 */
export const extraHosts: Form = {
  read(node, at) {
    if (node.kind === "list") {
      refuseTwice(node, at);
      return listNode(
        node.place,
        node.items.flatMap((item, index) => fromText(item, `${at}[${index}]`)),
      );
    }
    if (node.kind !== "map") throw invalid(node, `${at} must be a map or a list`);
    return listNode(
      node.place,
      [...node.entries].flatMap(([host, { node: own }]) => fromEntry(host, own, `${at}.${host}`)),
    );
  },
  print(node) {
    const list = toValue(node);
    return Array.isArray(list) && list.length > 0 ? list.map(String).toSorted() : undefined;
  },
};

function fromText(node: YamlNode, at: string): YamlNode[] {
  const said = textOf(node, at);
  const separator = said.includes("=") ? "=" : ":";
  const cut = said.indexOf(separator);
  if (cut === -1) throw invalid(node, `${at}: "${said}" must be HOST=ADDRESS`);
  const addresses = said.slice(cut + 1).split(",");
  return addresses.map((address) => hostNode(node, { host: said.slice(0, cut), address, at }));
}

function fromEntry(host: string, node: YamlNode, at: string): YamlNode[] {
  const addresses = node.kind === "list" ? node.items : [node];
  return addresses.map((each) => hostNode(each, { host, address: textOf(each, at), at }));
}

function hostNode(node: YamlNode, said: { host: string; address: string; at: string }): YamlNode {
  const { host, at } = said;
  if (host === "" || /[:=]/.test(host)) throw invalid(node, `${at}: "${host}" cannot be a host's name`);
  return scalarNode(node.place, `${host}=${said.address.replace(/^\[(.+)\]$/, "$1")}`);
}
