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
    statusCodes: { 200: true, 500: "server error" },
  };
  return new Promise((resolve, reject) => {
    docker.modem.dial(options, (error, socket) => {
      if (error) reject(error);
      else resolve(socket as Duplex);
    });
  });
}
