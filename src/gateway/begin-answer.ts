import type { ServerResponse } from "node:http";
import type { AnswerHead } from "./answer-head.ts";
import type { Exchange } from "./forward.ts";
import { phraseOf, responseHeaders } from "./headers.ts";

/** The most that an upstream's answer may carry in headers. */
export const MAX_ANSWER_HEADER_BYTES = 64 * 1024;

/** Writes the head of an answer for the client, whose body `end` ends early; null, with nothing written, if it cannot be said in HTTP. */
export function beginAnswer(
  { res, target, onAnswer }: Pick<Exchange, "res" | "target" | "onAnswer">,
  head: AnswerHead,
  end: () => void,
): { readonly onPiece: ((piece: Buffer) => void) | null } | null {
  try {
    res.writeHead(head.status, phraseOf(head), responseHeaders(head, target.host));
  } catch {
    // Whatever else the parser lets through and the writer does not: a hostile upstream must not throw here.
    return null;
  }
  return { onPiece: onAnswer(head, end) };
}

/** Breaks a client's connection in the middle of an answer, so that it cannot take the part for the whole. */
export function reset(res: ServerResponse): void {
  const { socket } = res;
  // The socket of a probe is a plain duplex.
  if (socket !== null && typeof socket.resetAndDestroy === "function") socket.resetAndDestroy();
  else res.destroy();
}

/** For what was written to arrive. */
const arrivalMs = 1000;

/** The same for an answer that is written and may not have arrived: a client that reads no more would keep it for ever. */
export function resetSoon(res: ServerResponse): void {
  const timer = setTimeout(() => reset(res), arrivalMs);
  res.once("close", () => clearTimeout(timer));
}
