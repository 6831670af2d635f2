import { type ClientRequest, type IncomingMessage, type ServerResponse, request } from "node:http";
import type { Duplex } from "node:stream";
import type { AnswerHead } from "./answer-head.ts";
import { MAX_ANSWER_HEADER_BYTES, beginAnswer, reset } from "./begin-answer.ts";
import { type ForwardFailure, failureError, failureOf } from "./failure.ts";
import { type TrustedProxies, forwardedHeaders } from "./forwarded.ts";
import { forwardKept } from "./forward-kept.ts";
import { type Framing, framingOf, headOf, requestHeaders, trailerPairs } from "./headers.ts";
import type { Connections, Upstream } from "./upstream.ts";

/** One request on its way: `path` is origin-form, `host` the preview's normalized own host. */
export type Target = { readonly upstream: Upstream; readonly path: string; readonly host: string };

export type ForwardContext = {
  readonly connections: Connections;
  readonly trusted: TrustedProxies;
  /** How long an upstream may take, once it has the whole request, to begin its answer. */
  readonly answerTimeoutMs: number;
};

export type Exchange = {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly target: Target;
  /** Called when the answer's head was written; answers what to call for each piece of its body once that is written. `end` ends it early. */
  readonly onAnswer: (head: AnswerHead, end: () => void) => ((piece: Buffer) => void) | null;
  /** Called at most once, and only while nothing was sent to the client: the caller answers. */
  readonly onFailure: (failure: ForwardFailure) => void;
};

/**
 * Forwards one request and its answer. Ends in exactly one of: the answer delivered, `onFailure`, or the client's connection reset because
 * the upstream died after its answer had begun. Throws only what `node:http` throws on a request that it cannot write.
 */
export function forward(context: ForwardContext, exchange: Exchange): void {
  const { req } = exchange;
  const framing = framingOf(req);
  const headers = requestHeaders(req, framing, forwardedHeaders(req, context.trusted));
  // A request that may be sent twice takes a kept socket and is repeated if that one was just closing. Every other one takes a new
  // socket, which costs a local connect and leaves nothing to repeat.
  if (framing !== "none" || !isSafe(req.method)) send(context, exchange, { headers, framing });
  else
    forwardKept(context, exchange, {
      headers,
      again: () => send(context, exchange, { headers, framing }),
      handOver: (socket) => send(context, exchange, { headers, framing, socket }),
    });
}

/** `socket`: one on which the request is sent already. */
type Message = { readonly headers: string[]; readonly framing: Framing; readonly socket?: Duplex };

function send(context: ForwardContext, exchange: Exchange, message: Message): void {
  const { req, res, target, onFailure } = exchange;
  const { socket } = message;
  const outgoing = request({
    host: target.upstream.address,
    port: target.upstream.port,
    method: req.method ?? "GET",
    path: target.path,
    headers: message.headers,
    ...(socket === undefined ? { agent: context.connections.fresh } : { createConnection: () => socket }),
    setHost: false,
    maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
  });
  outgoing.maxHeadersCount = 0;
  const timer = answerTimer(context, outgoing);
  let answered: IncomingMessage | null = null;
  let over = false;
  const fail = (error: NodeJS.ErrnoException): void => {
    timer.stop();
    // An answer that has begun ends or is reset by `deliver`.
    if (over || answered !== null || res.destroyed || res.writableEnded) return;
    over = true;
    onFailure(failureOf(error));
  };

  outgoing.on("information", (info) => inform(req, res, info));
  outgoing.on("response", (answer) => {
    timer.stop();
    if (deliver(exchange, answer)) {
      answered = answer;
      return;
    }
    fail(failureError("UNWRITABLE_ANSWER"));
    outgoing.destroy();
  });
  outgoing.on("error", fail);
  // Node closes without an error after an unasked 101: nothing may end without an answer.
  outgoing.once("close", () => {
    if (answered === null) fail(failureError("ECONNRESET"));
  });
  res.once("close", () => {
    timer.stop();
    // The client left, or an early answer is through while the rest of an upload is not.
    if (answered?.complete !== true || !outgoing.writableFinished) outgoing.destroy();
  });

  if (message.framing === "none") {
    outgoing.end();
    timer.start();
  } else {
    sendBody(req, outgoing, timer);
  }
}

function sendBody(req: IncomingMessage, outgoing: ClientRequest, timer: AnswerTimer): void {
  // With Expect: 100-continue nothing flows until the upstream's 100 has reached the client, so the head must go alone.
  if (req.headers.expect !== undefined) outgoing.flushHeaders();
  req.pipe(outgoing, { end: false });
  // While the upstream does not read, its time runs; while the client is slow, it does not.
  req.on("pause", timer.start);
  outgoing.on("drain", timer.pause);
  req.once("end", () => {
    if (outgoing.destroyed) return;
    if (req.rawTrailers.length > 0) outgoing.addTrailers(trailerPairs(req.rawTrailers));
    outgoing.end();
    timer.start();
  });
}

type AnswerTimer = { readonly start: () => void; readonly pause: () => void; readonly stop: () => void };

function answerTimer(context: ForwardContext, outgoing: ClientRequest): AnswerTimer {
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const expire = (): void => void outgoing.destroy(failureError("MAYFLY_ANSWER_TIMEOUT"));
  const pause = (): void => clearTimeout(timer);
  return {
    start() {
      pause();
      if (!over) timer = setTimeout(expire, context.answerTimeoutMs);
    },
    pause,
    stop() {
      over = true;
      pause();
    },
  };
}

/** Writes the answer's head and starts its body; false, with nothing written, if the upstream's head cannot be said in HTTP. */
function deliver(exchange: Exchange, answer: IncomingMessage): boolean {
  const { res } = exchange;
  if (framingOf(answer) === "unknown" || (answer.statusCode ?? 0) < 200) return false;
  let isEnded = false;
  const begun = beginAnswer(exchange, headOf(answer), () => {
    if (isEnded) return;
    isEnded = true;
    answer.unpipe(res).resume();
    res.end();
  });
  if (begun === null) return false;
  // Not pipe's own end: trailers are known only when the body is through.
  answer.pipe(res, { end: false });
  if (begun.onPiece !== null) answer.on("data", begun.onPiece);
  answer.once("end", () => {
    if (isEnded) return;
    isEnded = true;
    if (answer.rawTrailers.length > 0) res.addTrailers(trailerPairs(answer.rawTrailers));
    res.end();
  });
  answer.once("error", () => {
    if (!isEnded) reset(res);
  });
  // The head waits for the first bytes of the body when both came together (one write), and goes alone when they did not (event streams).
  process.nextTick(() => {
    if (!answer.readableDidRead && !res.writableEnded && !res.destroyed) res.flushHeaders();
  });
  return true;
}

function inform(req: IncomingMessage, res: ServerResponse, info: { statusCode: number; rawHeaders: string[] }): void {
  if (res.headersSent || res.destroyed || req.httpVersion === "1.0") return;
  if (info.statusCode === 100 && req.headers.expect !== undefined) res.writeContinue();
  if (info.statusCode === 102) res.writeProcessing();
  if (info.statusCode !== 103) return;
  const links = info.rawHeaders.filter((_, i) => i % 2 === 1 && info.rawHeaders[i - 1]?.toLowerCase() === "link");
  try {
    if (links.length > 0) res.writeEarlyHints({ link: links.flatMap((link) => link.split(/,\s*(?=<)/)) });
  } catch {
    // Node refuses links of unusual form. A hint that cannot be said is one that need not be.
  }
}

function isSafe(method: string | undefined): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}
