import type { Listener } from "../domain/facts.ts";
import { called, type Case, type Found, placeIn, routePlace } from "./case.ts";

/** Ports of debuggers and measurements, which are no way in. */
const besideOthers = new Set([2375, 5005, 6060, 9090, 9091, 9229, 9230, 9464, 24_678, 35_729]);

/** Listens where nobody outside its container reaches it, as the kernel's own table says. */
export function loopbackOnly(about: Case): Found | null {
  const port = missingPorts(about).find((each) =>
    listenersOf(about).some((one) => one.port === each && isLoopback(one)),
  );
  const at = listenersOf(about).find((each) => each.port === port);
  if (port === undefined || at === undefined) return null;
  return {
    what: `${called(about)} listens on ${at.address}:${port}, not on 0.0.0.0:${port}`,
    now: "Let it listen on 0.0.0.0: `HOST=0.0.0.0`, `--host 0.0.0.0`, or no host at all in `listen`.",
    where: placeIn(about, "command", "environment.HOST", "environment", ""),
  };
}

/** Listens, but elsewhere than the branch says. */
export function otherPort(about: Case): Found | null {
  const { service, stack } = about;
  const [port] = missingPorts(about);
  if (port === undefined || service === null) return null;
  const routed = stack?.routes.some((route) => route.service === service.name && route.port === port) ?? false;
  const candidates = listenersOf(about).filter(
    (each) => !service.ports.includes(each.port) && !besideOthers.has(each.port) && each.port < 32_768,
  );
  const open = [...new Set(candidates.filter((each) => !isLoopback(each)).map((each) => each.port))];
  const closed = [...new Set(candidates.filter(isLoopback).map((each) => each.port))];
  // Something that only its own container uses may listen on loopback: it is named where it is all there is.
  const [found, more] = open.length > 0 ? open : closed;
  if (found === undefined || more !== undefined) return null;
  const at = open.length > 0 ? `port ${found}` : `127.0.0.1:${found}`;
  const both = open.length > 0 ? "" : " and on 0.0.0.0";
  const now = routed
    ? `Route to it, \`routes: { ${service.name}: ${found} }\` in .mayfly.yaml, or let it listen on ${port}${both}.`
    : `Name ${found} under \`ports:\` or \`expose:\`, or let it listen on ${port}${both}.`;
  const where = (routed ? routePlace(about) : null) ?? placeIn(about, "ports", "expose", "");
  return { what: `${called(about)} listens on ${at}, not on ${port}${both}`, now, where };
}

/** The ports that are promised and that nobody reaches; routed ones first. */
export function missingPorts({ service, stack, container }: Case): number[] {
  if (service === null || !container?.listeners) return [];
  const open = container.listeners.filter((each) => !isLoopback(each)).map(({ port }) => port);
  const routed = (stack?.routes ?? []).filter((route) => route.service === service.name).map(({ port }) => port);
  const promised = [...new Set([...routed, ...service.ports])];
  const missing = promised.filter((port) => !open.includes(port));
  // Beside one that accepts, only a routed one is missed.
  return missing.length < promised.length ? missing.filter((port) => routed.includes(port)) : missing;
}

function listenersOf({ container }: Case): readonly Listener[] {
  return container?.listeners ?? [];
}

function isLoopback({ address }: Listener): boolean {
  return address.startsWith("127.") || address === "[::1]";
}
