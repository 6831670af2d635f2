import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import type { ApiWorld } from "./world.ts";

/** Says where a request comes from, as far as it is known: behind proxies only the world knows whom to believe. */
export function createAddressOf({ clientAddress }: Pick<ApiWorld, "clientAddress">): (c: Context) => string {
  return (c) => {
    const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage };
    return incoming === undefined ? "" : clientAddress(incoming);
  };
}
