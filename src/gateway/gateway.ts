import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../domain/time.ts";
import { endWith, plainAnswer, sendAnswer } from "./answer.ts";
import { createCrowd } from "./crowd.ts";
import { type Drain, type DrainOptions, type Drained, createDrain } from "./drain.ts";
import { createEventStreams } from "./events.ts";
import { clientAddress, peerAddress, trustProxies } from "./forwarded.ts";
import {
  type Activity,
  type Candidate,
  type Carried,
  type GatewayLog,
  type GatewayParts,
  type OwnSite,
  handleProbe,
  handleRequest,
  handleUpgrade,
} from "./handle.ts";
import { type AccessPort, createGuard } from "./guard.ts";
import { ownHosts } from "./host.ts";
import { createLimitedServer, type HeadLimits, listen, malformed, tooMany } from "./http-server.ts";
import { type LeaveOptions, leave } from "./leave.ts";
import type { PageModel, PageSource } from "./page-model.ts";
import { createPages } from "./pages.ts";
import { type Probe, createProbe } from "./probe.ts";
import type { RouteTable } from "./route-table.ts";
import { type Upstream, createConnections } from "./upstream.ts";
import { type WakeLimits, type WakePort, createWaking } from "./wake.ts";

export type GatewayOptions = {
  readonly own: OwnSite;
  /** The table of this moment; asked once a request. */
  readonly table: () => RouteTable;
  readonly pages: PageSource;
  readonly access: AccessPort;
  readonly activity: Activity;
  readonly wake: WakePort;
  /** Told of each request that ended, for measuring. */
  readonly carried?: Carried;
  readonly clock: Clock;
  readonly log: GatewayLog;
  /** Addresses and networks whose X-Forwarded-* are believed. Nobody's by default. */
  readonly trustedProxies?: readonly string[];
  readonly limits?: Partial<GatewayLimits>;
};

type GatewayLimits = WakeLimits &
  HeadLimits & {
    readonly connectTimeoutMs: number;
    readonly answerTimeoutMs: number;
    /** Requests, event streams and WebSockets under way at once for one client address, trusted proxies seen through. */
    readonly clientRequests: number;
    /** Open connections of one address that is no trusted proxy. */
    readonly clientConnections: number;
  };

export type Gateway = AsyncDisposable & {
  readonly listen: (where: { host: string; port: number; reusePort?: boolean }) => Promise<AddressInfo>;
  readonly probe: Probe;
  /** See `Drain.drained`; the key is `generationKey(route)`. Also forgets idle sockets towards `upstreams`. */
  readonly drained: (key: string, options: DrainOptions & { upstreams?: readonly Upstream[] }) => Promise<Drained>;
  /** See `Drain.quiet`. */
  readonly quiet: Drain["quiet"];
  /** Previews that somebody waits for until they are awake. */
  readonly awaited: () => string[];
  /** Where a request comes from: the peer, or whoever a trusted proxy says. */
  readonly clientAddress: (req: IncomingMessage) => string;
  /** How many requests, streams and WebSockets a generation is serving. */
  readonly underWay: Drain["count"];
  /** Takes no new connections, lets what is under way end, and cuts the rest. */
  readonly close: (options: LeaveOptions) => Promise<void>;
};

const DEFAULTS: GatewayLimits = {
  connectTimeoutMs: 5_000,
  answerTimeoutMs: 120_000,
  headTimeoutMs: 20_000,
  headBytes: 32 * 1024,
  keepAliveTimeoutMs: 75_000,
  pageAfterMs: 1500,
  // Programs, and proxies before us, seldom wait longer than half a minute or a whole one.
  holdMs: 30_000,
  // An office behind one address, each with a page that opens a hundred connections.
  clientRequests: 2000,
  clientConnections: 4000,
  heldOfOne: 2000,
  heldBytes: 256 * 1024 ** 2,
};

/** Builds the one HTTP server that all hosts reach: previews, our own site, and nothing else. */
export function createGateway(options: GatewayOptions): Gateway {
  const { table, activity, clock, log } = options;
  const own: OwnSite = {
    ...options.own,
    handle(req, res) {
      ours.add(res);
      res.once("close", () => ours.delete(res));
      options.own.handle(req, res);
    },
  };
  const limits = { ...DEFAULTS, ...options.limits };
  const connections = createConnections({ connectTimeoutMs: limits.connectTimeoutMs, idleTimeoutMs: 60_000 });
  const source = { ...options.pages, view: (preview: string) => viewOrNull(options, preview) };
  const events = createEventStreams({ source, table, clock });
  const drain = createDrain();
  const waking = createWaking(table, { port: options.wake, limits });
  const context = {
    connections,
    trusted: trustProxies(options.trustedProxies ?? []),
    answerTimeoutMs: limits.answerTimeoutMs,
  };
  const isOwnHost = ownHosts(own.hosts);
  const pages = createPages(source, clock);
  const parts: GatewayParts = {
    own,
    isOwnHost,
    table,
    guard: createGuard(options.access, { table, pages, trusted: context.trusted, clock }),
    pages,
    events,
    context,
    drain,
    waking,
    activity,
    carried: options.carried ?? (() => {}),
    clock,
    log,
  };

  const candidates = new WeakMap<Duplex, Candidate>();
  const answering = new Set<ServerResponse>();
  const ours = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let closing = false;
  let silent = false;

  const underWay = createCrowd(limits.clientRequests);
  const connected = createCrowd(limits.clientConnections);

  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    if (res.socket === null) {
      // Pipelined behind another: begins in its turn. Node tells a queued answer nothing if its client leaves.
      res.once("socket", () => answer(req, res));
      return;
    }
    const candidate = candidates.get(req.socket);
    const leaveCrowd = candidate === undefined ? underWay.enter(clientAddress(req, context.trusted)) : () => {};
    answering.add(res);
    res.once("close", () => {
      answering.delete(res);
      leaveCrowd?.();
      if (silent) server.closeIdleConnections();
    });
    // What is left of a refused body must not be read as the next request on the connection.
    if (closing || (leaveCrowd === null && !req.complete)) res.shouldKeepAlive = false;
    if (leaveCrowd === null) sendAnswer(res, tooMany());
    else if (candidate === undefined) handleRequest(parts, req, res);
    else handleProbe(parts, candidate, { req, res });
  };

  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const leaveCrowd = underWay.enter(clientAddress(req, context.trusted));
    if (leaveCrowd === null) {
      socket.on("error", () => socket.destroy());
      endWith(socket, tooMany());
      return;
    }
    socket.once("close", leaveCrowd);
    handleUpgrade(parts, req, { socket, head });
  };

  const server = createLimitedServer(limits);
  server.on("request", answer);
  // Not answered by Node with 100 at once: the upstream may refuse before the body is sent.
  server.on("checkContinue", answer);
  server.on("upgrade", upgrade);
  server.on("connect", (_, socket) => endWith(socket, plainAnswer(400, "This is not a forward proxy.")));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // An error in a body may come when the answer has begun: a second head must not follow it.
    const begun = [...answering].some((res) => res.socket === socket && res.headersSent);
    if (!socket.writable || begun || error.code === "ECONNRESET") socket.destroy();
    else endWith(socket, malformed(error));
  });
  // Also what accept() answers when the process is out of descriptors: a reason to speak up, none to stop.
  server.on("error", (error) => log.warn({ error }, "gateway server error"));
  server.on("connection", (socket) => {
    const address = peerAddress(socket);
    // A proxy speaks for many; a probe has no address, and comes from us.
    const isOne = address !== null && !context.trusted(address);
    const leaveCrowd = isOne ? connected.enter(address) : () => {};
    if (leaveCrowd === null) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      leaveCrowd();
    });
  });

  async function close(how: LeaveOptions): Promise<void> {
    if (closing) return;
    closing = true;
    events.close();
    const onSilent = (): void => void (silent = true);
    await leave({ server, sockets, answering, ours, drain, onSilent }, how);
    connections.close();
  }

  return {
    listen: (where) => listen(server, where),
    probe: createProbe(server, candidates),
    async drained(key, { upstreams = [], ...rest }) {
      const result = await drain.drained(key, rest);
      for (const upstream of upstreams) connections.kept.dropIdle(upstream);
      return result;
    },
    clientAddress: (req) => clientAddress(req, context.trusted),
    quiet: drain.quiet,
    awaited: waking.awaited,
    underWay: drain.count,
    close,
    [Symbol.asyncDispose]: () => close({ timeoutMs: 0 }),
  };
}

/** The facts for a page; without them the page says what the route alone knows, and every other preview goes on. */
function viewOrNull({ pages, log }: GatewayOptions, preview: string): PageModel | null {
  try {
    return pages.view(preview);
  } catch (error) {
    log.warn({ preview, error }, "no facts for the page");
    return null;
  }
}
