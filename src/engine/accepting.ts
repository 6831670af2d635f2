import { connect } from "node:net";
import type Docker from "dockerode";
import type { Clock } from "../domain/time.ts";
import type { Readiness } from "../plan/step.ts";

/** What one look at a container's ports found. */
export type PortsLook = { ready: true } | { ready: false; seen: string };

/**
 * How long ports that nobody is routed to are waited for once another one accepts. Real files publish a debugger's port
 * or a database's second protocol that nothing ever listens on (`9229`, `33060`), and Compose minds neither.
 */
const patienceMs = 10_000;
/** A port that refuses costs a tenth of what the engine takes to tell of the container: so often it is tried in one look. */
const tries = 10;
const tryPauseMs = 15;
/** A port that nobody listens on refuses within a millisecond. */
const quickMs = 50;

/**
 * Looks at the promised ports of one container again and again, each time for a moment. A port that accepted is not
 * asked again until the container is started anew: many connections that say nothing trouble a server that is half up.
 */
export function watchPorts(
  clock: Clock,
  { ports, optional = [], network }: Pick<Readiness, "ports" | "optional" | "network">,
): (info: Docker.ContainerInspectInfo, signal: AbortSignal) => Promise<PortsLook> {
  const open = new Set<number>();
  let run = "";
  let acceptsSince = 0;
  return async (info, signal) => {
    if (ports.length === 0) return { ready: true };
    const address = info.NetworkSettings.Networks[network]?.IPAddress;
    if (!address) return { ready: false, seen: `it has no address in network ${network}` };
    if (info.State.StartedAt !== run) open.clear();
    run = info.State.StartedAt;
    for (let left = tries - 1; ; left--) {
      const startedAt = clock.now();
      const refusedPort = await refusedAt(address);
      if (refusedPort === undefined) return { ready: true };
      // Where nobody refuses there may be nobody any more: the engine knows.
      if (left === 0 || clock.now() - startedAt > quickMs)
        return { ready: false, seen: `port ${refusedPort} does not accept connections` };
      await clock.sleep(tryPauseMs, signal);
    }
  };

  async function refusedAt(address: string): Promise<number | undefined> {
    const isFirst = open.size === 0;
    await Promise.all(ports.map(async (port) => (open.has(port) || (await accepts(address, port))) && open.add(port)));
    if (isFirst) acceptsSince = clock.now();
    const isPatient = open.size === 0 || clock.now() - acceptsSince < patienceMs;
    return ports.find((port) => !open.has(port) && (isPatient || !optional.includes(port)));
  }
}

/** Whether a connection to this address is accepted within a second. */
export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const answer = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(false));
    socket.once("error", () => answer(false));
  });
}
