import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { AnswerHead } from "./answer-head.ts";
import { narrowCookie } from "./cookie-domain.ts";
import { isForwardedName } from "./forwarded.ts";
import { setsOurs, withoutOurs } from "./our-headers.ts";

// RFC 9110 section 7.6.1, with the older names of RFC 2616 section 13.5.1; HTTP2-Settings belongs to the h2c upgrade.
// `proxy` is no hop-by-hop name: CGI-like upstreams read it as HTTP_PROXY (httpoxy).
const DROPPED = new Set(
  (
    "connection keep-alive proxy-connection proxy-authenticate proxy-authorization te transfer-encoding upgrade " +
    "http2-settings proxy"
  ).split(" "),
);
// A peer that names these in Connection would take a message's frame or address away.
const NEVER_NAMED = new Set(["host", "content-length", "expect", "set-cookie"]);
// A page on our own host could lose its session to a preview under the same domain (W3C Clear Site Data, section 3).
const KEPT_BACK = new Set(["x-robots-tag", "clear-site-data"]);
const NONE: ReadonlySet<string> = new Set();

/** How a message's body is told apart from the next message; "unknown" must not be forwarded. */
export type Framing = "none" | "length" | "chunked" | "unknown";

/** Reads the framing of a parsed message. The parser has already refused conflicting or repeated lengths. */
export function framingOf(message: IncomingMessage): Framing {
  const coding = message.headers["transfer-encoding"];
  if (coding !== undefined) return coding.trim().toLowerCase() === "chunked" ? "chunked" : "unknown";
  const length = message.headers["content-length"];
  return length === undefined || Number(length) === 0 ? "none" : "length";
}

/** The flat header list of a request for its upstream: end-to-end ones in their order and case, then its framing, then `added`. */
export function requestHeaders(req: IncomingMessage, framing: Framing, added: readonly string[]): string[] {
  const headers: string[] = [];
  const named = namedIn(req.headers.connection);
  const { rawHeaders } = req;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    const lower = name.toLowerCase();
    if (DROPPED.has(lower) || named.has(lower) || isForwardedName(lower)) continue;
    const value = withoutOurs(lower, rawHeaders[i + 1] ?? "");
    if (value !== null) headers.push(name, value);
  }
  // Said by us because Node would send the body of a DELETE or GET without any framing.
  if (framing === "chunked") headers.push("Transfer-Encoding", "chunked");
  if (framing === "none" && req.headers["content-length"] === undefined && expectsBody(req.method))
    headers.push("Content-Length", "0");
  headers.push(...added);
  return headers;
}

/** The flat header list of an answer for the client at `host`, with narrowed cookies and `X-Robots-Tag: noindex`. */
export function responseHeaders({ rawHeaders, connection, chunked }: AnswerHead, host: string): string[] {
  const headers: string[] = [];
  const named = namedIn(connection);
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    const lower = name.toLowerCase();
    if (DROPPED.has(lower) || named.has(lower) || KEPT_BACK.has(lower) || (chunked && lower === "content-length"))
      continue;
    const value = rawHeaders[i + 1] ?? "";
    if (lower === "set-cookie" && setsOurs(value)) continue;
    headers.push(name, lower === "set-cookie" ? narrowCookie(value, host) : value);
  }
  headers.push("X-Robots-Tag", "noindex");
  return headers;
}

/** The head of an answer that Node parsed. */
export function headOf({ statusCode = 0, statusMessage = "", rawHeaders, headers }: IncomingMessage): AnswerHead {
  return {
    status: statusCode,
    phrase: statusMessage,
    rawHeaders,
    connection: headers.connection,
    contentType: headers["content-type"],
    chunked: headers["transfer-encoding"] !== undefined,
  };
}

/** The answer's reason phrase, or the usual one where the application's cannot be written: the parser is laxer than the writer. */
export function phraseOf({ status, phrase }: Pick<AnswerHead, "status" | "phrase">): string {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(phrase) ? phrase : (STATUS_CODES[status] ?? "");
}

/** Trailers as name, value pairs, without the fields that a trailer may not carry (RFC 9110 section 6.5.1). */
export function trailerPairs(rawTrailers: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < rawTrailers.length; i += 2) {
    const name = rawTrailers[i] ?? "";
    const lower = name.toLowerCase();
    const forbidden = DROPPED.has(lower) || NEVER_NAMED.has(lower) || isForwardedName(lower);
    if (!forbidden) pairs.push([name, rawTrailers[i + 1] ?? ""]);
  }
  return pairs;
}

/** A response's head as text; `headers` is a flat name, value list as the parser gave it. */
export function headText(status: number, phrase: string, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${phrase}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n`;
}

function namedIn(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return NONE;
  const names = connection.split(",").map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => !NEVER_NAMED.has(name)));
}

function expectsBody(method: string | undefined): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}
