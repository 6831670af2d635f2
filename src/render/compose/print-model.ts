import { nodeAt, type YamlMap } from "../../config/yaml-node.ts";
import { printFile } from "../forms/compose-file.ts";

type Json = Record<string, unknown>;

/** Sections whose entries have names on the engine. */
const named = ["networks", "volumes", "secrets", "configs"];

/**
 * The canonical model as `docker compose config --format json` prints it, with what Compose implies: the project's name,
 * the default network, names of networks and volumes, no command. Paths are the repository's.
 */
export function printModel(model: YamlMap, project: string): unknown {
  const printed = printFile(model);
  const services = entriesOf(printed["services"]).map(([name, service]) => [name, printService(service)] as const);
  const joinsDefault = services.some(([, service]) => "default" in ((service["networks"] as Json | undefined) ?? {}));
  const networks = printed["networks"] as Json | undefined;
  const result: Json = {
    ...printed,
    name: project,
    services: Object.fromEntries(services),
    ...(joinsDefault ? { networks: { default: { ipam: {} }, ...networks } } : {}),
  };
  for (const section of named) {
    if (result[section] === undefined) continue;
    const entries = entriesOf(result[section]).map(([key, resource]) => {
      const name = resource["external"] === true ? key : `${project}_${key}`;
      return [key, nodeAt(model, [section, key, "name"]) ? resource : { name, ...resource }];
    });
    result[section] = Object.fromEntries(entries);
  }
  return result;
}

function printService(service: Json): Json {
  const networks = (service["networks"] as Json | undefined) ?? {};
  const hasOwnNetwork = service["network_mode"] !== undefined || service["provider"] !== undefined;
  if (Object.keys(networks).length > 0 || hasOwnNetwork) return service;
  return { ...service, networks: { default: null } };
}

function entriesOf(value: unknown): [string, Json][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([key, each]) => [key, (each ?? {}) as Json]);
}
