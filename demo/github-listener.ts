import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export type Listener = AsyncDisposable & {
  port: number;
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** Refuses connections until `up`; open ones are cut. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
};

/** Serves HTTP on loopback, on a port that can be taken down and brought back: `port` 0 takes a free one. */
export async function listen(handler: Handler, port = 0): Promise<Listener> {
  const server = createServer(handler);
  await up(port);
  const bound = (server.address() as AddressInfo).port;

  async function up(wanted: number): Promise<void> {
    if (server.listening) return;
    server.listen(wanted, "127.0.0.1");
    await once(server, "listening");
  }

  async function down(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    down,
    up: () => up(bound),
    close: down,
    [Symbol.asyncDispose]: down,
  };
}
