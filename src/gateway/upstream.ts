import { Agent } from "node:http";
import type { Socket } from "node:net";
import { failureError } from "./failure.ts";
import { type Wires, createWires, type WireLimits } from "./wires.ts";

/** Where a route's container listens: an address the engine told us, never a name. */
export type Upstream = { readonly address: string; readonly port: number };

export type Connections = {
  /** Sockets kept for reuse. Only for requests that may be sent again: any of them may be closing at this moment. */
  readonly kept: Wires;
  /** A new socket for each request. */
  readonly fresh: Agent;
  readonly close: () => void;
};

/** Opens the sockets towards upstreams, each with a limit on the time it may take to connect. */
export function createConnections(limits: WireLimits): Connections {
  const kept = createWires(limits);
  // Not `keepAlive: false`: that says `Connection: close`, and a server that answers an upload early then resets the answer away.
  const fresh = limitConnect(new Agent({ keepAlive: true }), limits.connectTimeoutMs);
  fresh.maxFreeSockets = 0;
  return {
    kept,
    fresh,
    close() {
      kept.close();
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
