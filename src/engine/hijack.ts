import type { Duplex } from "node:stream";
import type Docker from "dockerode";

/**
 * Turns a call of the engine into a connection that speaks HTTP/2 (`Upgrade: h2c`), as it has it at `/session` and
 * `/grpc`. Whoever opens it destroys it. Throws EngineError.
 */
export function hijack(
  docker: Docker,
  path: string,
  headers: Record<string, string | readonly string[]> = {},
): Promise<Duplex> {
  const options = {
    method: "POST",
    path,
    hijack: true,
    headers: { Upgrade: "h2c", ...headers },
    // A body of no bytes. Without it docker-modem ends the call in an empty chunk, and where that comes late the engine
    // takes it for the first of the connection.
    file: Buffer.alloc(0),
    statusCodes: { 200: true, 500: "server error" },
  };
  return new Promise((resolve, reject) => {
    docker.modem.dial(options, (error, socket) => {
      if (error) reject(error);
      else resolve(socket as Duplex);
    });
  });
}
