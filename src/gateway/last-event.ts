import type { IncomingMessage } from "node:http";
import type { AnswerHead } from "./answer-head.ts";

/** An event stream whose client comes back by itself. */
export type ComingBack = {
  /** Told of each piece once it is written. */
  readonly onPiece: (piece: Buffer) => void;
  /** Ends it behind the last whole event: the browser asks for the next one with `Last-Event-ID`. */
  readonly leave: () => void;
};

/**
 * Follows an event stream that a browser's `EventSource` reads (HTML standard, section 9.2: GET, `Accept: text/event-stream`, comes again
 * when the body ends), so that it can be ended between two events; `end` ends its answer. Null for any other reader, who waits for the last.
 */
export function comingBack(
  req: Pick<IncomingMessage, "method" | "headers">,
  head: AnswerHead,
  end: () => void,
): ComingBack | null {
  const isSized = head.rawHeaders.some((name, i) => i % 2 === 0 && name.toLowerCase() === "content-length");
  if (req.method !== "GET" || req.headers.accept?.includes("text/event-stream") !== true || isSized) return null;
  let tail = "";
  let isLeaving = false;
  const endIfWhole = (): void => {
    if (isLeaving && isWhole(tail)) end();
  };
  return {
    onPiece(piece) {
      tail = (tail + piece.toString("latin1", Math.max(0, piece.length - 4))).slice(-4);
      endIfWhole();
    },
    leave() {
      isLeaving = true;
      endIfWhole();
    },
  };
}

/** Behind a blank line, or at the very beginning. */
function isWhole(tail: string): boolean {
  return tail === "" || /\n\n$|\r\r$|[\r\n]\r\n$/.test(tail);
}
