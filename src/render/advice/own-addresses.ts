import { excerpt } from "../../config/excerpt.ts";
import { child, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import type { Finding } from "../../domain/errors.ts";
import type { RouteSpec } from "../../domain/stack.ts";
import { note } from "../findings.ts";
import { urlVariable } from "../compose/variables.ts";

/** An address on the developer's own machine. */
const localAddress = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{1,5}))?(?![\w.-])/;
/** What services call themselves on their own machine, and nobody else does. */
const inside = /HEALTH|PROBE|INTERNAL|LISTEN|BIND/i;
const hostList = /(^|_)(ALLOWED_HOSTS?|TRUSTED_HOSTS?|SERVER_NAME|VIRTUAL_HOST|DOMAIN(_NAME)?)$/i;

type Seen = { routes: readonly RouteSpec[]; ports: ReadonlyMap<number, string> };

/**
 * What the services are told of where they are seen, where that is the machine of a developer: absolute links, sign-ins
 * and CSRF checks fail in a preview. With the line that mends it.
 */
export function adviseOwnAddresses(model: YamlMap, routes: readonly RouteSpec[]): Finding[] {
  const services = child(model, "services");
  if (services?.kind !== "map") return [];
  const all = [...services.entries].map(([name, { node }]) => [name, node] as const);
  const seen = {
    routes,
    ports: new Map(all.flatMap(([name, node]) => publishedPorts(node).map((port) => [port, name]))),
  };
  return all.flatMap(([name, node]) => [
    ...adviseValues(child(node, "environment"), `services.${name}.environment`, seen),
    ...adviseValues(child(child(node, "build"), "args"), `services.${name}.build.args`, seen),
  ]);
}

function adviseValues(values: YamlNode | undefined, at: string, seen: Seen): Finding[] {
  if (values?.kind !== "map") return [];
  return [...values.entries].flatMap(([name, { node, key }]) => {
    const value = node.kind === "scalar" && typeof node.value === "string" ? node.value : "";
    const advice = inside.test(name) ? null : (adviseAddress(value, seen) ?? adviseHost(name, value));
    if (advice === null) return [];
    const path = `${at}.${excerpt(name)}`;
    const message = `${path} (${advice.said}): a preview has an address of its own, and this one is each visitor's own machine`;
    return [note(key, "own-address", message, `Write ${excerpt(name)}: \${${advice.variable}:-${advice.said}}.`)];
  });
}

function adviseAddress(value: string, { routes, ports }: Seen): { said: string; variable: string } | null {
  const found = localAddress.exec(value);
  if (!found) return null;
  const [said, port = "80"] = found;
  const service = ports.get(Number(port));
  const route = routes.find((each) => each.service === service);
  if (!route) return null;
  return { said, variable: route.main ? "MAYFLY_URL" : urlVariable(route.service) };
}

function adviseHost(name: string, value: string): { said: string; variable: string } | null {
  const isLocal = /^(localhost|127\.0\.0\.1)(?:[,; ]\s*(localhost|127\.0\.0\.1|\[::1\]))*$/.test(value.trim());
  return hostList.test(name) && isLocal ? { said: value.trim(), variable: "MAYFLY_HOST" } : null;
}

/** The host's ports by which a developer opens it. */
function publishedPorts(service: YamlNode): number[] {
  const ports = child(service, "ports");
  const items = ports?.kind === "list" ? ports.items : [];
  return items.map((item) => {
    const port = child(item, "published") ?? child(item, "target");
    return port === undefined ? 0 : Number(toValue(port));
  });
}
