import { excerpt } from "../../config/excerpt.ts";
import { child, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { InputError, type Place } from "../../domain/errors.ts";
import { checkConsistency } from "../forms/consistency.ts";

/**
 * Checks that a model holds together: every service runs something, and the services, networks, volumes, secrets
 * and configs that are named exist. Throws InputError `invalid-value` at the name (Compose refuses the same).
 */
export function checkReferences(model: YamlMap, left: ReadonlySet<string>): void {
  const services = entriesOf(child(model, "services"));
  if (services.length === 0) {
    throw empty(model.place, [...left]);
  }
  const known = new Set(services.map(([name]) => name));
  const networks = new Set(["default", ...entriesOf(child(model, "networks")).map(([name]) => name)]);
  const volumes = new Set(entriesOf(child(model, "volumes")).map(([name]) => name));
  const secrets = new Set(entriesOf(child(model, "secrets")).map(([name]) => name));
  const models = new Set(entriesOf(child(model, "models")).map(([name]) => name));
  const configs = new Set(entriesOf(child(model, "configs")).map(([name]) => name));
  for (const [name, { node, key }] of services) {
    const at = `services.${name}`;
    if (!["image", "build", "provider"].some((source) => child(node, source)))
      throw missing(`${at} has neither image nor build`, key);
    for (const [dependency, entry] of entriesOf(child(node, "depends_on"))) {
      if (known.has(dependency) || isOptional(entry.node)) continue;
      const why = left.has(dependency) ? "which is not started because of its profiles" : "which does not exist";
      throw missing(`${at} depends on ${dependency}, ${why}`, entry.key);
    }
    for (const [network, entry] of entriesOf(child(node, "networks"))) {
      if (!networks.has(network)) throw missing(`${at} joins the network ${network}, which is not declared`, entry.key);
    }
    for (const grant of [...itemsOf(child(node, "secrets")), ...itemsOf(child(child(node, "build"), "secrets"))]) {
      const secret = textOf(child(grant, "source"));
      if (!secrets.has(secret)) throw missing(`${at} uses the secret ${secret}, which is not declared`, grant.place);
    }
    for (const grant of itemsOf(child(node, "configs"))) {
      const config = textOf(child(grant, "source"));
      if (!configs.has(config)) throw missing(`${at} uses the config ${config}, which is not declared`, grant.place);
    }
    for (const [used, entry] of entriesOf(child(node, "models"))) {
      if (!models.has(used)) throw missing(`${at} uses the model ${used}, which is not declared`, entry.key);
    }
    for (const mount of itemsOf(child(node, "volumes"))) {
      const volume = textOf(child(mount, "type")) === "volume" ? textOf(child(mount, "source")) : "";
      if (volume !== "" && !volumes.has(volume))
        throw missing(`${at} mounts the volume ${volume}, which is not declared`, mount.place);
    }
  }
  checkConsistency(services);
  refuseCycle(services);
}

function empty(place: Place, left: readonly string[]): InputError {
  const message = "the stack has no services";
  if (left.length === 0)
    return new InputError("invalid-value", message, { place, hint: "Name the services to run under `services:`." });
  const names = left.slice(0, 6).map((name) => excerpt(name));
  const told = left.length > 6 ? [...names, `${left.length - 6} more`] : names;
  const listed = new Intl.ListFormat("en").format(told);
  const hint = `Name profiles of ${listed}, or start all: \`variables: { COMPOSE_PROFILES: "*" }\` in .mayfly.yaml.`;
  return new InputError("invalid-value", `${message}: all of them have profiles, of which none is on`, { place, hint });
}

function refuseCycle(services: [string, { node: YamlNode; key: Place }][]): void {
  const edges = new Map(
    services.map(([name, entry]) => [name, entriesOf(child(entry.node, "depends_on")).map(([to]) => to)]),
  );
  const done = new Set<string>();
  for (const [start, entry] of services) {
    const cycle = findCycle(start, edges, done);
    if (cycle) throw missing(`the services wait for each other: ${cycle.join(" → ")}`, entry.key);
  }
}

/** Depth first, without recursion: a hostile file may chain as many services as it likes. */
function findCycle(start: string, edges: ReadonlyMap<string, string[]>, done: Set<string>): string[] | undefined {
  const path: string[] = [];
  const pending: { name: string; leave: boolean }[] = [{ name: start, leave: false }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { name, leave } = next;
    if (leave) {
      path.pop();
      done.add(name);
    } else if (path.includes(name)) {
      return [...path.slice(path.indexOf(name)), name];
    } else if (!done.has(name)) {
      path.push(name);
      pending.push({ name, leave: true }, ...(edges.get(name) ?? []).map((to) => ({ name: to, leave: false })));
    }
  }
  return undefined;
}

function entriesOf(node: YamlNode | undefined): [string, { node: YamlNode; key: Place }][] {
  return node?.kind === "map" ? [...node.entries] : [];
}

function itemsOf(node: YamlNode | undefined): YamlNode[] {
  return node?.kind === "list" ? node.items : [];
}

function textOf(node: YamlNode | undefined): string {
  return node?.kind === "scalar" ? String(node.value) : "";
}

function isOptional(node: YamlNode): boolean {
  const required = child(node, "required");
  return required?.kind === "scalar" && required.value === false;
}

function missing(message: string, place: Place): InputError {
  return new InputError("invalid-value", excerpt(message, 240), { place });
}
