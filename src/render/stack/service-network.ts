import type { Resolver, ServiceSpec } from "../../domain/service.ts";
import type { ComposeModel, Service } from "../compose-model.ts";

/**
 * The networks of a service, the first in Compose's order (priority, then name) first. `container_name` lives on as an
 * alias, since other services may call it. `aliases`: what links call it by, by network.
 */
export function specifyNetworks(
  model: Service,
  links: ReadonlyMap<string, readonly string[]>,
): ServiceSpec["networks"] {
  const own = model.container_name === undefined ? [] : [model.container_name];
  return attachments(model)
    .toSorted(([a, one], [b, other]) => (other?.priority ?? 0) - (one?.priority ?? 0) || (a < b ? -1 : 1))
    .map(([network, settings]) => ({
      network,
      aliases: [...new Set([...(settings?.aliases ?? []), ...own, ...(links.get(network) ?? [])])],
    }));
}

function attachments(model: Service) {
  if (model.network_mode === "none") return [];
  const named = Object.entries(model.networks ?? {});
  return named.length > 0 ? named : [["default", null] as const];
}

/** What a service is called by others' `links: [SERVICE:ALIAS]`, by the networks that they share: names are the network's here. */
export function linksTo(name: string, { services }: ComposeModel): Map<string, string[]> {
  const target = services[name];
  const networks = target ? attachments(target).map(([network]) => network) : [];
  return new Map(
    networks.map((network) => {
      const neighbors = Object.values(services).filter((other) => attachments(other).some(([its]) => its === network));
      const links = neighbors.flatMap((other) => other.links ?? []).map((link) => link.split(":"));
      return [network, links.flatMap(([service, alias]) => (service === name && alias !== undefined ? [alias] : []))];
    }),
  );
}

/** The container ports that others are promised: routed, published and exposed ones, TCP only, ascending. */
export function promisedPorts(model: Service, routed: readonly number[]): number[] {
  const published = (model.ports ?? []).filter((port) => port.protocol === "tcp").map((port) => port.target);
  const exposed = (model.expose ?? []).flatMap(exposedPorts);
  return [...new Set([...routed, ...published, ...exposed])].toSorted((a, b) => a - b);
}

function exposedPorts(said: string): number[] {
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/tcp)?$/.exec(said) ?? [];
  if (from === undefined) return [];
  const last = Math.min(Number(to ?? from), Number(from) + 100);
  return Array.from({ length: Math.max(0, last - Number(from) + 1) }, (_, index) => Number(from) + index);
}

/** How its names are resolved; nothing where the file says nothing. */
export function specifyResolver(model: Service): Resolver | undefined {
  const resolver = {
    hosts: (model.extra_hosts ?? []).map(readHost).filter((host) => !namesTheHost(host)),
    servers: model.dns ?? [],
    search: model.dns_search ?? [],
    options: model.dns_opt ?? [],
  };
  return Object.values(resolver).some((list) => list.length > 0) ? resolver : undefined;
}

/** `NAME=ADDRESS` or `NAME:ADDRESS` (Compose specification, extra_hosts) as the engine takes it. */
function readHost(said: string): string {
  const [, name = said, address = ""] = /^([^=:]*)[=:](.*)$/.exec(said) ?? [];
  return `${name}:${address.replaceAll(/[[\]]/g, "")}`;
}

/** True for an entry of `extra_hosts` that asks for the address of the machine itself. */
export function namesTheHost(said: string): boolean {
  return /[=:]host-gateway$/.test(said);
}
