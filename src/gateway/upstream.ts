import { Agent } from "node:http";
import type { Socket } from "node:net";
import { failureError } from "./failure.ts";

/** Where a route's container listens: an address the engine told us, never a name. */
export type Upstream = { readonly address: string; readonly port: number };

export type Connections = {
  /** Sockets kept for reuse. Only for requests that may be sent again: any of them may be closing at this moment. */
  readonly pooled: Agent;
  /** A new socket for each request. */
  readonly fresh: Agent;
  readonly dropIdle: (upstream: Upstream) => void;
  readonly close: () => void;
};

export type ConnectionLimits = { readonly connectTimeoutMs: number; readonly idleTimeoutMs: number };

/** Opens the sockets towards upstreams, each with a limit on the time it may take to connect. */
export function createConnections({ connectTimeoutMs, idleTimeoutMs }: ConnectionLimits): Connections {
  const pooled = limitConnect(
    new Agent({ keepAlive: true, timeout: idleTimeoutMs, scheduling: "lifo" }),
    connectTimeoutMs,
  );
  // Not `keepAlive: false`: that says `Connection: close`, and a server that answers an upload early then resets the answer away.
  const fresh = limitConnect(new Agent({ keepAlive: true }), connectTimeoutMs);
  fresh.maxFreeSockets = 0;
  return {
    pooled,
    fresh,
    dropIdle({ address, port }) {
      for (const socket of pooled.freeSockets[pooled.getName({ host: address, port })] ?? []) socket.destroy();
    },
    close() {
      pooled.destroy();
      fresh.destroy();
    },
  };
}

function limitConnect(agent: Agent, connectTimeoutMs: number): Agent {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback) as Socket;
    const timer = setTimeout(() => socket.destroy(failureError("MAYFLY_CONNECT_TIMEOUT")), connectTimeoutMs);
    const clear = (): void => clearTimeout(timer);
    socket.once("connect", clear).once("close", clear);
    return socket;
  };
  return agent;
}
