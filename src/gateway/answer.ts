import { STATUS_CODES, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { headText } from "./headers.ts";

/** A whole answer of our own, as a value. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A short answer in plain text, kept by no cache. */
export function plainAnswer(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", ...headers },
    body: `${text}\n`,
  };
}

/** Sends an answer to a request. */
export function sendAnswer(res: ServerResponse, answer: Answer): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(answer.status, STATUS_CODES[answer.status] ?? "", headersOf(answer));
  res.end(answer.body);
}

/** Sends an answer on a socket that is no longer HTTP's (a refused upgrade, a malformed request) and closes it. */
export function endWith(socket: Duplex, answer: Answer): void {
  const headers = Object.entries({ ...headersOf(answer), Connection: "close" }).flat();
  socket.write(headText(answer.status, STATUS_CODES[answer.status] ?? "", headers), "latin1");
  linger(socket);
  socket.end(answer.body);
}

/** Call before the last write: reads and forgets what a peer still sends, since closing over unread bytes would reset the answer away. */
export function linger(socket: Duplex): void {
  socket.resume();
  socket.once("finish", () => {
    const timer = setTimeout(() => socket.destroy(), 1000);
    socket.once("close", () => clearTimeout(timer));
  });
}

function headersOf({ headers, body }: Answer): Record<string, string> {
  return { ...headers, "Content-Length": String(Buffer.byteLength(body)), "X-Robots-Tag": "noindex" };
}
