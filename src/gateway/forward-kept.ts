import type { Duplex } from "node:stream";
import { type BodyReader, createBodyReader } from "./answer-body.ts";
import { type ReadHead, readAnswerHead } from "./answer-head.ts";
import { MAX_ANSWER_HEADER_BYTES, beginAnswer, reset } from "./begin-answer.ts";
import { failureError, failureOf } from "./failure.ts";
import type { Exchange, ForwardContext } from "./forward.ts";
import { trailerPairs } from "./headers.ts";
import { replay } from "./replay.ts";

type Message = {
  readonly headers: readonly string[];
  /** Sends the request once more, on a socket of its own: the kept one was closing. */
  readonly again: () => void;
  /** Leaves the answer to a whole parser, on a socket that reads it from its first byte. */
  readonly handOver: (socket: Duplex) => void;
};

/** A body that came whole with its head and is no longer than this goes out with it in one write. */
const mostTogether = 16 * 1024;

/**
 * Forwards a request that has no body and may be sent twice, over a kept socket. Half the work of `node:http`'s client (ADR 38): answers in
 * the usual form are read here, all others are handed over before anything of them is told. Ends as `forward` does.
 */
export function forwardKept(context: ForwardContext, exchange: Exchange, message: Message): void {
  const { req, res, target, onFailure } = exchange;
  const request = requestText(req.method ?? "GET", target.path, message.headers);
  /** Of a head that is not whole yet. */
  let begun: Buffer | null = null;
  let answer: { readonly read: ReadHead; readonly body: BodyReader } | null = null;
  let isSlow = false;
  let isOver = false;

  const wire = context.connections.kept.borrow(target.upstream, { onData, onGone });
  const timer = setTimeout(expire, context.answerTimeoutMs);
  res.once("close", onLeft);
  wire.socket.write(request, "latin1");

  function onData(bytes: Buffer): void {
    if (answer !== null) {
      take(answer.body.read(bytes));
      return;
    }
    begun = begun === null ? bytes : Buffer.concat([begun, bytes]);
    const read = readAnswerHead(begun, { isHead: req.method === "HEAD", mostBytes: MAX_ANSWER_HEADER_BYTES });
    if (read.kind === "head") begin(read, begun.subarray(read.size));
    else if (read.kind === "other") {
      finish();
      message.handOver(replay(wire, begun));
    }
  }

  function begin(read: ReadHead, rest: Buffer): void {
    clearTimeout(timer);
    const begunAnswer = res.destroyed || res.writableEnded ? null : beginAnswer(exchange, read.head, endEarly);
    if (begunAnswer === null) {
      fail(failureError("UNWRITABLE_ANSWER"));
      return;
    }
    const { onPiece } = begunAnswer;
    if (read.framing.kind === "length" && rest.length === read.framing.bytes && rest.length <= mostTogether) {
      end(read.stays);
      res.end(rest.toString("latin1"), "latin1");
      onPiece?.(rest);
      return;
    }
    let hasPiece = false;
    const body = createBodyReader(read.framing, (piece) => {
      if (isOver) return;
      hasPiece = true;
      if (!res.write(piece) && !isSlow) slow();
      onPiece?.(piece);
    });
    answer = { read, body };
    take(body.read(rest));
    // Nothing of the body came with it (an event stream, perhaps).
    if (!isOver && !hasPiece) res.flushHeaders();
  }

  /** The client is slower than the application; what was read already goes on to it. */
  function slow(): void {
    isSlow = true;
    wire.socket.pause();
    res.once("drain", onDrain);
  }

  function take(outcome: "more" | "end" | "bad"): void {
    if (outcome === "more" || answer === null || isOver) return;
    const { read, body } = answer;
    end(outcome === "end" && read.stays && !body.hasSurplus());
    if (outcome === "bad") {
      reset(res);
      return;
    }
    const trailers = body.rawTrailers();
    if (trailers.length > 0) res.addTrailers(trailerPairs(trailers));
    res.end();
  }

  /** Nothing that happens on the wire concerns this exchange any more. */
  function finish(): void {
    isOver = true;
    clearTimeout(timer);
    res.off("close", onLeft);
  }

  function end(stays: boolean): void {
    finish();
    res.off("drain", onDrain);
    // Also when its last piece is still on the way to a slow client: the next exchange must hear its answer.
    wire.socket.resume();
    if (stays) wire.giveBack();
    else wire.socket.destroy();
  }

  function endEarly(): void {
    if (isOver) return;
    end(false);
    res.end();
  }

  function fail(error: NodeJS.ErrnoException): void {
    end(false);
    if (!res.destroyed && !res.writableEnded) onFailure(failureOf(error));
  }

  function onGone(error: NodeJS.ErrnoException | null): void {
    if (isOver) return;
    const cause = error ?? failureError("ECONNRESET");
    const isStale = wire.isReused && begun === null && (cause.code === "ECONNRESET" || cause.code === "EPIPE");
    if (answer !== null) {
      end(false);
      reset(res);
    } else if (isStale && !res.destroyed) {
      end(false);
      message.again();
    } else fail(cause);
  }

  function onDrain(): void {
    isSlow = false;
    wire.socket.resume();
  }

  function onLeft(): void {
    end(false);
  }

  function expire(): void {
    wire.socket.destroy(failureError("MAYFLY_ANSWER_TIMEOUT"));
  }
}

const unwritablePath = /[^\x21-\xff]/;
const unwritableValue = /[^\t\x20-\x7e\x80-\xff]/;

/** The request as it is sent, in latin1. Throws on what HTTP cannot say; the parser lets none of it through. */
function requestText(method: string, path: string, headers: readonly string[]): string {
  if (unwritablePath.test(path)) throw failureError("UNWRITABLE_REQUEST");
  let text = `${method} ${path} HTTP/1.1\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1] ?? "";
    if (unwritableValue.test(value)) throw failureError("UNWRITABLE_REQUEST");
    text += `${headers[i]}: ${value}\r\n`;
  }
  return `${text}Connection: keep-alive\r\n\r\n`;
}
