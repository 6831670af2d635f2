import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { linger } from "./answer.ts";
import type { Parting } from "./drain.ts";
import { type ForwardFailure, failureError, failureOf } from "./failure.ts";
import { MAX_ANSWER_HEADER_BYTES } from "./begin-answer.ts";
import type { ForwardContext, Target } from "./forward.ts";
import { forwardedHeaders } from "./forwarded.ts";
import { type Joined, joinWebSocket } from "./join.ts";
import { framingOf, headOf, headText, phraseOf, requestHeaders, responseHeaders } from "./headers.ts";

export type Upgrade = {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent after its request's head; the upstream sees it only after its 101. */
  readonly head: Buffer;
  readonly target: Target;
  /** Called for each piece of traffic, either way. */
  readonly onTraffic: () => void;
  /** Called at most once, while nothing was sent to the client and its socket is open. */
  readonly onFailure: (failure: ForwardFailure) => void;
};

/** Tells whether an upgrade is one that we carry: a bodyless GET to exactly `websocket`. Anything else (h2c) must be refused. */
export function isWebSocket(req: IncomingMessage): boolean {
  const token = req.headers.upgrade?.trim().toLowerCase();
  return req.method === "GET" && req.httpVersion === "1.1" && token === "websocket" && framingOf(req) === "none";
}

/**
 * Carries a WebSocket upgrade: an ordinary request to the upstream, and a tunnel only after its 101. Any other answer is passed on and ends the
 * client's connection, so that bytes sent behind the request never reach the upstream as a second one. Whoever is told to leave before the
 * 101 is told behind it.
 */
export function tunnel(context: ForwardContext, upgrade: Upgrade): Joined {
  const { req, socket, target } = upgrade;
  const added = ["Connection", "Upgrade", "Upgrade", "websocket", ...forwardedHeaders(req, context.trusted)];
  const outgoing = request({
    host: target.upstream.address,
    port: target.upstream.port,
    method: "GET",
    path: target.path,
    headers: requestHeaders(req, "none", added),
    agent: context.connections.fresh,
    setHost: false,
    maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
  });
  outgoing.maxHeadersCount = 0;
  const timer = setTimeout(() => outgoing.destroy(failureError("MAYFLY_ANSWER_TIMEOUT")), context.answerTimeoutMs);
  let joined: Joined | null = null;
  let parting: Parting | null = null;
  const leave = (): void => {
    clearTimeout(timer);
    outgoing.destroy();
  };
  socket.once("close", leave);
  const unwatch = watchEnd(socket);
  outgoing.on("upgrade", (answer, upstream, first) => {
    clearTimeout(timer);
    unwatch();
    socket.off("close", leave);
    joined = join(upgrade, answer, { upstream, first });
    if (parting !== null) joined?.leave(parting);
  });
  let answered = false;
  outgoing.on("response", (answer) => {
    clearTimeout(timer);
    answered = true;
    unwatch();
    decline(upgrade, answer);
  });
  outgoing.on("error", (error) => {
    clearTimeout(timer);
    if (!socket.destroyed && !answered) upgrade.onFailure(failureOf(error));
  });
  outgoing.end();
  return {
    leave(why) {
      parting = why;
      joined?.leave(why);
    },
    cut() {
      if (joined === null) socket.destroy();
      else joined.cut();
    },
  };
}

/** Nobody reads a socket that waits for its 101, and the end of one that nobody reads goes unnoticed. */
function watchEnd(socket: Duplex): () => void {
  const look = (): void => {
    if (socket.readableLength === 0) socket.read();
  };
  const leave = (): void => void socket.destroy();
  socket.on("readable", look).on("end", leave);
  return () => socket.off("readable", look).off("end", leave);
}

type UpstreamSide = { readonly upstream: Socket; readonly first: Buffer };

function join(
  { socket, head, target, onTraffic }: Upgrade,
  answer: IncomingMessage,
  { upstream, first }: UpstreamSide,
): Joined | null {
  if (socket.destroyed) {
    upstream.destroy();
    return null;
  }
  const headers = ["Connection", "Upgrade", "Upgrade", "websocket", ...responseHeaders(headOf(answer), target.host)];
  socket.write(headText(101, phraseOf(headOf(answer)), headers), "latin1");
  if (first.length > 0) upstream.unshift(first);
  if (head.length > 0) socket.unshift(head);
  quicken(socket);
  quicken(upstream);
  return joinWebSocket({ client: socket, upstream, onTraffic });
}

/** Passes on an answer that is not 101, on a connection that ends with it. */
function decline({ socket, target }: Upgrade, answer: IncomingMessage): void {
  const head = headOf(answer);
  const headers = [...responseHeaders(head, target.host), "Connection", "close"];
  socket.write(headText(head.status, phraseOf(head), headers), "latin1");
  // Without a length the end of the connection is the end of the body.
  answer.on("error", () => socket.destroy());
  linger(socket);
  answer.pipe(socket);
}

function quicken(socket: Duplex): void {
  const { setTimeout: limit, setNoDelay, setKeepAlive } = socket as Partial<Socket>;
  limit?.call(socket, 0);
  setNoDelay?.call(socket, true);
  // A peer that vanished without a word is noticed; a quiet one is not disturbed.
  setKeepAlive?.call(socket, true, 30_000);
}
