import { child, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { formatPlace } from "../../domain/errors.ts";
import type { RouteSpec } from "../../domain/stack.ts";

/** What an author may have to change for a service to start. */
const told = [
  "image",
  "build",
  "platform",
  "command",
  "entrypoint",
  "user",
  "environment",
  "env_file",
  "ports",
  "expose",
  "volumes",
  "tmpfs",
  "networks",
  "depends_on",
  "healthcheck",
  "mem_limit",
  "deploy",
  "shm_size",
];

/** Of a service's variables so many; one that has more is told of by its `environment:`. */
const mostVariables = 200;

/**
 * Where the branch says what of its services, for the day one fails: `services.web.environment.PORT` →
 * `compose.yaml:14:7`, `routes.web` → where it is routed.
 */
export function placesOf(model: YamlMap, manifest: YamlNode, routes: readonly RouteSpec[]): Record<string, string> {
  const services = child(model, "services");
  const places =
    services?.kind === "map" ? [...services.entries].flatMap(([name, entry]) => ofService(name, entry)) : [];
  const routed = routes.flatMap(({ service }) => {
    const place = entriesOf(child(manifest, "routes")).get(service)?.key ?? portsPlace(services, service);
    return place === undefined ? [] : [[`routes.${service}`, formatPlace(place)] as const];
  });
  return Object.fromEntries([...places, ...routed]);
}

type Entries = (YamlNode & { kind: "map" })["entries"];

function ofService(name: string, { key, node }: { key: YamlNode["place"]; node: YamlNode }): [string, string][] {
  const entries = entriesOf(node);
  const keys = told.flatMap((each): [string, string][] => {
    const entry = entries.get(each);
    return entry === undefined ? [] : [[`services.${name}.${each}`, formatPlace(entry.key)]];
  });
  const variables = [...entriesOf(entries.get("environment")?.node)].slice(0, mostVariables);
  return [
    [`services.${name}`, formatPlace(key)],
    ...keys,
    ...variables.map(([variable, entry]): [string, string] => [
      `services.${name}.environment.${variable}`,
      formatPlace(entry.key),
    ]),
  ];
}

function portsPlace(services: YamlNode | undefined, service: string): YamlNode["place"] | undefined {
  const entries = entriesOf(child(services, service));
  return (entries.get("ports") ?? entries.get("expose"))?.key;
}

function entriesOf(node: YamlNode | undefined): Entries {
  return node?.kind === "map" ? node.entries : new Map();
}
