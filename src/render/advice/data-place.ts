import { child, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import type { Finding } from "../../domain/errors.ts";
import { note } from "../findings.ts";

/** Until version 17 the official image keeps its data here, in a volume of its own (hub.docker.com/_/postgres). */
const dataPath = "/var/lib/postgresql/data";
const parent = "/var/lib/postgresql";
/** The official image and what is made of it, by a tag that says a version before 18. */
const beforeEighteen = /(^|\/)(postgres|postgis|pgvector|timescaledb)[^:]*:(pg)?(9|1[0-7])\b/;

/**
 * A Postgres whose volume is mounted above the place of its data: the image has a volume of its own there, so that
 * nothing is in the named one, and all is lost with the container.
 */
export function adviseDataPlace(model: YamlMap): Finding[] {
  const services = child(model, "services");
  if (services?.kind !== "map") return [];
  return [...services.entries].flatMap(([name, { node }]) => adviseService(name, node));
}

function adviseService(name: string, service: YamlNode): Finding[] {
  const image = textOf(service, "image");
  const mounts = child(service, "volumes");
  if (!beforeEighteen.test(image) || mounts?.kind !== "list") return [];
  const told = textOf(child(service, "environment"), "PGDATA") || dataPath;
  const targets = mounts.items.map((mount) => textOf(mount, "target").replace(/\/+$/, ""));
  const above = mounts.items[targets.indexOf(parent)];
  if (above === undefined || targets.includes(dataPath) || !`${told}/`.startsWith(`${dataPath}/`)) return [];
  const source = textOf(above, "source") || "its volume";
  const message = `services.${name}: ${image} keeps its data at ${dataPath}, in a volume of its own, and not in ${source}: it is lost when its container is made anew`;
  return [note(above.place, "data-beside-volume", message, `Mount ${source} at ${dataPath}.`)];
}

function textOf(node: YamlNode | undefined, key: string): string {
  const found = child(node, key);
  return found ? String(toValue(found)) : "";
}
