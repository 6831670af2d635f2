import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../domain/time.ts";
import { type Answer, endWith, plainAnswer, sendAnswer } from "./answer.ts";
import { destinationOf } from "./destination.ts";
import type { Drain, Use } from "./drain.ts";
import type { EventStreams } from "./events.ts";
import type { ForwardFailure } from "./failure.ts";
import { reset, resetSoon } from "./begin-answer.ts";
import { type Exchange, type ForwardContext, forward } from "./forward.ts";
import { clientAddress } from "./forwarded.ts";
import type { Guard } from "./guard.ts";
import { holdRequest, holdUpgrade } from "./hold.ts";
import { type ComingBack, comingBack } from "./last-event.ts";
import type { Pages } from "./pages.ts";
import { type Route, type RouteTable, generationKey } from "./route-table.ts";
import { isWebSocket, tunnel } from "./tunnel.ts";
import type { Waking } from "./wake.ts";

/** What answers on our own hosts: the api and the dashboard. */
export type OwnSite = {
  /** The names besides `localhost` and bare addresses: of `public_url` and `dashboard.host`. */
  readonly hosts: readonly string[];
  /** Who is refused, by address: a preview's containers reach the host they run on. */
  readonly refuses?: (address: string) => boolean;
  readonly handle: RequestListener;
  readonly upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
};

/** Somebody uses a preview: a request (`headers` tell whether it is a crawler), or traffic on an open stream. */
export type Activity = (
  route: Route,
  visit: { readonly kind: "request" | "traffic"; readonly headers: IncomingHttpHeaders },
) => void;

/** A request was carried to a preview and ended; `status` is 0 when its client left before an answer began. */
export type Carried = (request: { readonly status: number; readonly durationMs: number }) => void;

export type GatewayLog = {
  readonly debug: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
};

export type GatewayParts = {
  readonly own: OwnSite;
  readonly isOwnHost: (name: string) => boolean;
  readonly table: () => RouteTable;
  /** Asked before anything of a preview is told. */
  readonly guard: Guard;
  readonly pages: Pages;
  readonly events: EventStreams;
  readonly context: ForwardContext;
  readonly drain: Drain;
  readonly waking: Waking;
  readonly activity: Activity;
  readonly carried: Carried;
  readonly clock: Pick<Clock, "now">;
  readonly log: GatewayLog;
};

/** A route that is not in the table yet, tried by us through everything a real request passes. */
export type Candidate = { readonly route: Route; readonly onFailure: (failure: ForwardFailure) => void };

/** Answers one request: by our own site, by a preview's container, or by a page. */
export function handleRequest(parts: GatewayParts, req: IncomingMessage, res: ServerResponse): void {
  const { own, isOwnHost, table, pages, events } = parts;
  const where = destinationOf(req, { table: table(), isOwnHost });
  const turnedAway = where.kind === "route" || where.kind === "ours" ? parts.guard.admit(req, where) : null;
  if (turnedAway !== null) {
    sendAnswer(res, turnedAway);
    return;
  }
  switch (where.kind) {
    case "own":
      if (isRefused(parts, req)) {
        res.shouldKeepAlive = false;
        sendAnswer(res, notForYou());
        return;
      }
      req.url = where.path;
      res.setHeader("X-Robots-Tag", "noindex");
      if (req.headers.expect !== undefined && req.httpVersion !== "1.0") res.writeContinue();
      own.handle(req, res);
      return;
    case "route":
      if (parts.waking.isDue(where.route, req))
        holdRequest(parts, where, { req, res }, (route) => carry(parts, { route, path: where.path }, { req, res }));
      else if (where.route.upstream === null) sendAnswer(res, pages.forRoute(where.route, req));
      else carry(parts, { route: where.route, path: where.path }, { req, res });
      return;
    case "ours":
      if (req.method === "GET" && where.path === "/.mayfly/events") events.open(where.route, req, res);
      else sendAnswer(res, plainAnswer(404, "There is nothing here."));
      return;
    case "unknown":
      sendAnswer(res, pages.forUnknown(where.host, req));
      return;
    case "refused":
      res.shouldKeepAlive = false;
      sendAnswer(res, plainAnswer(400, where.why));
      return;
  }
}

/** Answers one upgrade: only a WebSocket is carried, everything else ends the connection. */
export function handleUpgrade(
  parts: GatewayParts,
  req: IncomingMessage,
  { socket, head }: { socket: Duplex; head: Buffer },
): void {
  const { own, isOwnHost, table, pages } = parts;
  // The close that follows says all that there is to know.
  socket.on("error", () => socket.destroy());
  const where = destinationOf(req, { table: table(), isOwnHost });
  const refusal = ((): Answer | null => {
    if (where.kind === "refused") return plainAnswer(400, where.why);
    if (!isWebSocket(req)) return plainAnswer(400, "Only upgrades to websocket are carried.");
    if (where.kind === "unknown" || where.kind === "ours") return unknownHost();
    if (where.kind === "own" && isRefused(parts, req)) return notForYou();
    if (where.kind === "own") return own.upgrade === undefined ? plainAnswer(404, "There is nothing here.") : null;
    const isServed = where.route.upstream !== null || parts.waking.isDue(where.route, req);
    return parts.guard.admit(req, where) ?? (isServed ? null : pages.forRoute(where.route, req));
  })();
  if (refusal !== null) endWith(socket, refusal);
  else if (where.kind === "own") own.upgrade?.(req, socket, head);
  else if (where.kind === "route") {
    const ends = { req, socket, head };
    const carryTo = (route: Route) => carryUpgrade(parts, { route, path: where.path }, ends);
    if (where.route.upstream === null) holdUpgrade(parts, where, ends, carryTo);
    else carryTo(where.route);
  }
}

/** Both the peer and, behind a trusted proxy, whoever it speaks for: a container may come through the proxy too. */
function isRefused({ own, context }: GatewayParts, req: IncomingMessage): boolean {
  const addresses = [req.socket.remoteAddress ?? "", clientAddress(req, context.trusted)];
  return addresses.some((address) => own.refuses?.(address) === true);
}

function notForYou(): Answer {
  return plainAnswer(403, "Previews may not call the server that runs them.");
}

/** Forwards our own probe to a candidate: the same path as a visitor's request, neither counted nor shown a page. */
export function handleProbe({ context }: GatewayParts, { route, onFailure }: Candidate, { req, res }: Ends): void {
  if (route.upstream === null) {
    sendAnswer(res, plainAnswer(503, "The candidate has no upstream."));
    return;
  }
  const target = { upstream: route.upstream, path: req.url ?? "/", host: route.host };
  send(context, {
    req,
    res,
    target,
    onAnswer: () => null,
    onFailure(failure) {
      onFailure(failure);
      sendAnswer(res, plainAnswer(failure.status, failure.reason));
    },
  });
}

type Ends = { readonly req: IncomingMessage; readonly res: ServerResponse };
type Routed = { readonly route: Route; readonly path: string };

function carry(parts: GatewayParts, { route, path }: Routed, { req, res }: Ends): void {
  const { context, drain, activity, pages } = parts;
  if (route.upstream === null) return;
  const onFailure = (failure: ForwardFailure): void => {
    tell(parts, route, failure);
    sendAnswer(res, pages.forFailure(route, req, failure));
  };
  let stream: ComingBack | null = null;
  let isLeaving = false;
  const use: Use = {
    kind: "request",
    leave() {
      isLeaving = true;
      stream?.leave();
    },
    cut() {
      if (!res.headersSent) onFailure({ reason: "cut", status: 502, code: "DRAINED" });
      else if (!res.writableEnded) reset(res);
      else resetSoon(res);
    },
  };
  // Counted in the tick of the lookup: a swap cannot come between.
  res.once("close", drain.begin(generationKey(route), use));
  activity(route, { kind: "request", headers: req.headers });
  const startedAt = parts.clock.now();
  res.once("close", () =>
    parts.carried({ status: res.headersSent ? res.statusCode : 0, durationMs: parts.clock.now() - startedAt }),
  );
  send(context, {
    req,
    res,
    target: { upstream: route.upstream, path, host: route.host },
    onAnswer(head, end) {
      if (head.contentType?.startsWith("text/event-stream") !== true) return null;
      use.kind = "stream";
      stream = comingBack(req, head, end);
      // Not before the head is on its way.
      if (isLeaving) setImmediate(use.leave, "replaced");
      return (piece) => {
        activity(route, { kind: "traffic", headers: req.headers });
        stream?.onPiece(piece);
      };
    },
    onFailure,
  });
}

function carryUpgrade(
  parts: GatewayParts,
  { route, path }: Routed,
  ends: { req: IncomingMessage; socket: Duplex; head: Buffer },
): void {
  const { req, socket } = ends;
  if (route.upstream === null) return;
  parts.activity(route, { kind: "request", headers: req.headers });
  const { leave, cut } = tunnel(parts.context, {
    ...ends,
    target: { upstream: route.upstream, path, host: route.host },
    onTraffic: () => parts.activity(route, { kind: "traffic", headers: req.headers }),
    onFailure(failure) {
      tell(parts, route, failure);
      endWith(socket, parts.pages.forFailure(route, req, failure));
    },
  });
  // Counted in the tick of the lookup.
  socket.once("close", parts.drain.begin(generationKey(route), { kind: "websocket", leave, cut }));
}

function send(context: ForwardContext, exchange: Exchange): void {
  try {
    forward(context, exchange);
  } catch {
    // Node's parser lets a few targets through that its writer does not; they are the client's mistake.
    sendAnswer(exchange.res, plainAnswer(400, "The request cannot be forwarded."));
  }
}

function tell({ log }: GatewayParts, route: Route, { reason, code }: ForwardFailure): void {
  const { preview, generation, service, upstream } = route;
  log.warn({ preview, generation, service, upstream, reason, code }, "upstream gave no answer");
}

function unknownHost(): Answer {
  return plainAnswer(404, "No preview has this name.");
}
