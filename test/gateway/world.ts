import { randomBytes } from "node:crypto";
import { type RequestListener, type Server, createServer } from "node:http";
import {
  type AddressInfo,
  type Server as NetServer,
  type Socket,
  connect,
  createServer as createNetServer,
} from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Gateway, type GatewayOptions, createGateway } from "../../src/gateway/gateway.ts";
import type { Rule } from "../../src/gateway/guard.ts";
import { createKeys } from "../../src/gateway/keys.ts";
import type { PageModel } from "../../src/gateway/page-model.ts";
import { type Route, type RouteTable, emptyTable, withPreview } from "../../src/gateway/route-table.ts";
import type { Upstream } from "../../src/gateway/upstream.ts";

export const HOST = "shop-pr-42.preview.test";
export const PREVIEW = "7-42";
/** What signs the keys of every world. */
export const keys = createKeys("the secret of these tests");

export const clock = {
  now: () => Date.now(),
  sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, { signal }),
};

/** A route of the one preview that most tests need. */
export function routeTo(upstream: Upstream | null, over: Partial<Route> = {}): Route {
  const slug = "shop-pr-42";
  return {
    preview: PREVIEW,
    slug,
    host: HOST,
    path: "/",
    service: "web",
    generation: 1,
    upstream,
    state: "serving",
    ...over,
  };
}

export type World = AsyncDisposable & {
  readonly gateway: Gateway;
  readonly port: number;
  table: RouteTable;
  model: PageModel | null;
  /** Who may look. */
  rule: Rule;
  readonly listeners: Set<() => void>;
  /** Previews that somebody came to while they slept. */
  readonly roused: string[];
  /** Says that what is waited for does not come. */
  stuck(): void;
  readonly visits: { preview: string; kind: string }[];
  readonly warnings: Readonly<Record<string, unknown>>[];
  /** Replaces all routes of the preview. */
  route(...routes: Route[]): void;
};

/** A listening gateway whose table, page model and log the test holds. */
export async function openWorld({
  port: wanted,
  ...over
}: Partial<GatewayOptions> & { port?: number } = {}): Promise<World> {
  const listeners = new Set<() => void>();
  const waiting = new Set<(news: "routes" | "stuck") => void>();
  const world: Omit<World, "gateway" | "port" | typeof Symbol.asyncDispose> = {
    table: emptyTable,
    model: null,
    rule: { access: "public", epoch: 0 },
    listeners,
    roused: [],
    stuck() {
      for (const listener of waiting) listener("stuck");
    },
    visits: [],
    warnings: [],
    route(...routes) {
      world.table = withPreview(world.table, PREVIEW, routes);
      for (const listener of listeners) listener();
      for (const listener of waiting) listener("routes");
    },
  };
  const gateway = createGateway({
    own: { hosts: ["mayfly.test"], handle: (req, res) => void res.end(`own ${req.url}`) },
    table: () => world.table,
    pages: {
      view: () => world.model,
      subscribe(_, listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    access: {
      rule: () => world.rule,
      keys,
      link: (host) => `http://${host}`,
      signInUrl: ({ host, path }) => `http://mayfly.test/enter?host=${host}&path=${encodeURIComponent(path)}`,
      randomId: (length) => randomBytes(length).toString("hex").slice(0, length),
    },
    wake: {
      ask: (preview) => void world.roused.push(preview),
      watch(_, listener) {
        waiting.add(listener);
        return () => waiting.delete(listener);
      },
    },
    activity: (route, { kind }) => void world.visits.push({ preview: route.preview, kind }),
    clock,
    log: { debug() {}, warn: (fields) => void world.warnings.push(fields) },
    ...over,
  });
  const { port } = await gateway.listen({ host: "127.0.0.1", port: wanted ?? 0, reusePort: wanted !== undefined });
  return Object.assign(world, { gateway, port, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() });
}

export type Listening = Upstream & AsyncDisposable & { readonly server: Server };

/** A real HTTP upstream on its own port. */
export async function openUpstream(
  handle: RequestListener,
  setUp: (server: Server) => void = () => undefined,
): Promise<Listening> {
  const server = createServer(handle);
  setUp(server);
  const port = await listening(server);
  return {
    address: "127.0.0.1",
    port,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An upstream that speaks whatever the test writes on its sockets. */
export async function openRawUpstream(handle: (socket: Socket) => void): Promise<Upstream & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createNetServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    handle(socket);
  });
  const port = await listening(server);
  return {
    address: "127.0.0.1",
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A world with one preview served by `handle`. */
export async function openSite(
  handle: RequestListener,
  over: Partial<GatewayOptions> = {},
): Promise<World & { upstream: Listening }> {
  const upstream = await openUpstream(handle);
  const world = await openWorld(over);
  world.route(routeTo(upstream));
  const close = world[Symbol.asyncDispose].bind(world);
  return Object.assign(world, {
    upstream,
    async [Symbol.asyncDispose]() {
      await close();
      await upstream[Symbol.asyncDispose]();
    },
  });
}

export type RawClient = {
  readonly socket: Socket;
  /** Everything received so far, as latin1. */
  text(): string;
  readonly ended: Promise<"end" | "reset">;
};

/** A bare TCP client: what it sends is exactly what the test says. */
export function rawClient(port: number, ...pieces: string[]): RawClient {
  const socket = connect({ port, host: "127.0.0.1" });
  const chunks: Buffer[] = [];
  let failed = false;
  socket.on("data", (chunk) => void chunks.push(chunk));
  socket.on("error", () => void (failed = true));
  const ended = new Promise<"end" | "reset">((resolve) =>
    socket.once("close", () => resolve(failed ? "reset" : "end")),
  );
  for (const piece of pieces) socket.write(piece, "latin1");
  return { socket, text: () => Buffer.concat(chunks).toString("latin1"), ended };
}

/** Sends one raw request that asks for the connection to be closed, and gives all that came back. */
export async function rawRequest(port: number, ...pieces: string[]): Promise<string> {
  const client = rawClient(port, ...pieces);
  await client.ended;
  return client.text();
}

/** `GET path` with the preview's Host and more header lines, on a connection that closes. */
export function get(path: string, ...lines: string[]): string {
  return head(`GET ${path} HTTP/1.1`, `Host: ${HOST}`, "Connection: close", ...lines);
}

export function head(...lines: string[]): string {
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The header lines of the first response in a raw text. */
export function headLines(text: string): string[] {
  return text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
}

function listening(server: NetServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
