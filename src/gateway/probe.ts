import { type ClientRequest, type IncomingMessage, type Server, request } from "node:http";
import { type Duplex, duplexPair } from "node:stream";
import type { ForwardFailure } from "./failure.ts";
import type { Candidate } from "./handle.ts";
import type { Route } from "./route-table.ts";

type ProbeRequest = {
  /** The route as it would be in the table, host and upstream included. */
  readonly route: Route;
  /** The Host to say, with the port that links carry. Defaults to the route's own host. */
  readonly host?: string;
  readonly path: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
};

/** What came back: redirects are told, never followed; `body` is the answer's first part as text. */
type ProbeResult =
  | { readonly status: number; readonly location: string | null; readonly body: string }
  | { readonly error: ForwardFailure["reason"] | "timeout" | "aborted"; readonly code: string };

export type Probe = (request: ProbeRequest) => Promise<ProbeResult>;

const MAX_BODY_BYTES = 64 * 1024;

/**
 * Makes the probe of a gateway: one GET, injected into its HTTP server over an in-memory connection that `candidates` marks, so that parser,
 * header rules and forwarder are those of a visitor's request and only the table lookup is replaced. Never rejects.
 */
export function createProbe(server: Server, candidates: WeakMap<Duplex, Candidate>): Probe {
  return ({ route, host = route.host, path, timeoutMs, signal, headers }) =>
    new Promise((resolve) => {
      const [near, far] = duplexPair();
      let failure: ForwardFailure | null = null;
      candidates.set(far, { route, onFailure: (told) => (failure = told) });
      far.on("error", () => far.destroy());
      server.emit("connection", far);

      const outgoing = request({
        createConnection: () => near,
        path,
        setHost: false,
        headers: {
          "User-Agent": "mayfly-probe",
          Accept: "text/html,*/*;q=0.8",
          ...headers,
          Host: host,
          Connection: "close",
        },
      });
      const finish = (result: ProbeResult): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        resolve(failure === null ? result : { error: failure.reason, code: failure.code });
        outgoing.destroy();
        near.destroy();
        far.destroy();
      };
      const timer = setTimeout(() => finish({ error: "timeout", code: "PROBE_TIMEOUT" }), timeoutMs);
      const abort = (): void => finish({ error: "aborted", code: "PROBE_ABORTED" });
      signal?.addEventListener("abort", abort, { once: true });
      read(outgoing, finish);
      if (signal?.aborted === true) abort();
    });
}

function read(outgoing: ClientRequest, finish: (result: ProbeResult) => void): void {
  outgoing.on("error", (error: NodeJS.ErrnoException) => finish({ error: "died", code: error.code ?? error.name }));
  outgoing.on("response", (answer: IncomingMessage) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (): void => {
      const body = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString();
      finish({ status: answer.statusCode ?? 0, location: answer.headers.location ?? null, body });
    };
    answer.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MAX_BODY_BYTES) done();
    });
    answer.on("end", done);
    answer.on("error", (error: NodeJS.ErrnoException) => finish({ error: "died", code: error.code ?? error.name }));
  });
  outgoing.end();
}
