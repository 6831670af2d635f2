import { child, type YamlNode } from "../../config/yaml-node.ts";

/** Which items of a list are one and the same: the later one then stands in the earlier one's place. */
type Identity = (item: YamlNode) => string;

const ofText: Identity = (item) => scalar(item).split("=", 1)[0] ?? "";
const ofField =
  (name: string): Identity =>
  (item) =>
    scalar(child(item, name) ?? item);
const ofMount =
  (folder: string): Identity =>
  (item) =>
    scalar(child(item, "target")) || `${folder}/${scalar(child(item, "source"))}`;
const ofPort: Identity = (item) => {
  const said = (name: string, otherwise = "") => scalar(child(item, name)) || otherwise;
  return JSON.stringify([said("host_ip", "0.0.0.0"), said("published"), said("target"), said("protocol", "tcp")]);
};

/** Lists of a service, by their path in it. Any other list keeps all its items, also equal ones. */
const identities: Readonly<Record<string, Identity>> = {
  "build.tags": ofText,
  cap_add: ofText,
  cap_drop: ofText,
  configs: ofMount(""),
  devices: ofField("target"),
  dns: ofText,
  dns_opt: ofText,
  dns_search: ofText,
  env_file: ofField("path"),
  expose: ofText,
  links: ofText,
  "networks.*.aliases": ofText,
  "networks.*.link_local_ips": ofText,
  ports: ofPort,
  profiles: ofText,
  secrets: ofMount("/run/secrets"),
  tmpfs: ofText,
  volumes: ofField("target"),
};

/** What tells the items of a service's list apart; undefined where all of them stay (Compose specification, Merge, Unique resources). */
export function identityOf(path: readonly string[]): Identity | undefined {
  const key = path[0] === "networks" ? ["networks", "*", ...path.slice(2)].join(".") : path.join(".");
  return Object.hasOwn(identities, key) ? identities[key] : undefined;
}

function scalar(node: YamlNode | undefined): string {
  return node?.kind === "scalar" && node.value !== null ? String(node.value) : "";
}
