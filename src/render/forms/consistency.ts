import { child, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { InputError, type Place } from "../../domain/errors.ts";

type Problem = { place: Place; message: string };

/**
 * Refuses values of one service that contradict each other, and a container's name that two services have. Throws
 * InputError `invalid-value` (what `docker compose config` calls consistency).
 */
export function checkConsistency(services: Iterable<[string, { node: YamlNode; key: Place }]>): void {
  const names = new Map<string, string>();
  for (const [name, { node, key }] of services) {
    const problem = checks.flatMap((check) => check(node))[0];
    if (problem) throw refused(`services.${name}${problem.message}`, problem.place);
    const own = textAt(node, "container_name");
    const other = own === "" ? undefined : names.get(own);
    if (other !== undefined) throw refused(`services.${name} and ${other} have the same container_name ${own}`, key);
    names.set(own, name);
  }
}

const refused = (message: string, place: Place) => new InputError("invalid-value", message, { place });

type Check = (service: YamlNode) => Problem[];

/** The old keys and the ones of `deploy` must say the same. */
const twice: readonly [string, string, string][] = [
  ["cpus", "limits", "cpus"],
  ["mem_limit", "limits", "memory"],
  ["pids_limit", "limits", "pids"],
  ["mem_reservation", "reservations", "memory"],
];

const limits: Check = (service) => {
  const resources = child(child(service, "deploy"), "resources");
  return twice.flatMap(([old, section, key]) => {
    const said = child(service, old);
    const group = child(resources, section);
    if (!said || !group || numberOf(said) === 0 || numberOf(said) === numberOf(child(group, key))) return [];
    const message = `.${old} and deploy.resources.${section}.${key} must be the same`;
    return [{ place: said.place, message }];
  });
};

const replicas: Check = (service) => {
  const scale = child(service, "scale");
  const own = child(child(service, "deploy"), "replicas");
  const both = [scale, own].flatMap((node) => (node ? [{ node, count: numberOf(node) }] : []));
  const negative = both.find(({ count }) => count < 0);
  if (negative) return [{ place: negative.node.place, message: ": a number of containers cannot be negative" }];
  const [first, second] = both;
  if (first && second && first.count !== second.count) {
    return [{ place: first.node.place, message: ".scale and deploy.replicas must be the same" }];
  }
  const isNamed = textAt(service, "container_name") !== "";
  return first && first.count > 1 && isNamed
    ? [{ place: first.node.place, message: ": several containers cannot have one container_name" }]
    : [];
};

const networks: Check = (service) => {
  const mode = child(service, "network_mode");
  const joined = child(service, "networks");
  if (!mode || joined?.kind !== "map" || joined.entries.size === 0) return [];
  return [{ place: mode.place, message: ": network_mode and networks exclude each other" }];
};

const platforms: Check = (service) => {
  const platform = child(service, "platform");
  const built = itemsOf(child(child(service, "build"), "platforms")).map(toValue);
  if (!platform || built.length === 0 || built.includes(toValue(platform))) return [];
  return [{ place: platform.place, message: ".build.platforms must contain the service's platform" }];
};

const watched: Check = (service) =>
  itemsOf(child(child(service, "develop"), "watch")).flatMap((item) => {
    const isSync = !["rebuild", "restart"].includes(textAt(item, "action"));
    return isSync && textAt(item, "target") === ""
      ? [{ place: item.place, message: ".develop.watch: what is synced needs a target" }]
      : [];
  });

const mounts: Check = (service) => {
  const targets = new Set(itemsOf(child(service, "tmpfs")).map((item) => String(toValue(item)).split(":")[0]));
  const doubled = itemsOf(child(service, "volumes")).find((mount) => targets.has(textAt(mount, "target")));
  return doubled ? [{ place: doubled.place, message: `: ${textAt(doubled, "target")} is mounted twice` }] : [];
};

const checks: readonly Check[] = [limits, replicas, networks, platforms, watched, mounts];

function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === "list" ? node.items : [];
}

function numberOf(node: YamlNode | undefined): number {
  return node ? Number(toValue(node)) : 0;
}

function textAt(node: YamlNode, key: string): string {
  const value = child(node, key);
  return value ? String(toValue(value)) : "";
}
