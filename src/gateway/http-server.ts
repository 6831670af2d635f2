import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, plainAnswer } from "./answer.ts";

export type HeadLimits = {
  /** How long a client may take to send a request's head. */
  readonly headTimeoutMs: number;
  readonly headBytes: number;
  /** Longer than the proxies in front of us keep theirs, or they would meet closing sockets. */
  readonly keepAliveTimeoutMs: number;
};

/** Node's server, with limits on what may come before a request is whole. */
export function createLimitedServer(limits: HeadLimits): Server {
  const server = createServer({
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headTimeoutMs),
    // An upload may take as long as it takes.
    requestTimeout: 0,
    insecureHTTPParser: false,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    noDelay: true,
  });
  // Node would drop the headers beyond the limit in silence, the framing ones among them; the head's size is the limit.
  server.maxHeadersCount = 0;
  return server;
}

/** What to say to a request that the parser refused (RFC 9112 section 2.2). */
export function malformed({ code }: NodeJS.ErrnoException): Answer {
  if (code === "HPE_HEADER_OVERFLOW") return plainAnswer(431, "The request's headers are too large.");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return plainAnswer(408, "The request took too long to arrive.");
  return plainAnswer(400, "The request is not valid HTTP.");
}

/** What to say to a client that has too much under way already. */
export function tooMany(): Answer {
  return plainAnswer(429, "Too many requests from your address are under way.", { "Retry-After": "1" });
}

/** Resolves when the server listens. */
export function listen(
  server: Server,
  { host, port, reusePort = false }: { host: string; port: number; reusePort?: boolean },
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, reusePort }, () => {
      server.off("error", reject);
      resolve(server.address() as AddressInfo);
    });
  });
}
