/** The head of an upstream's final answer, whoever parsed it. */
export type AnswerHead = {
  readonly status: number;
  readonly phrase: string;
  /** Flat name, value list. */
  readonly rawHeaders: readonly string[];
  readonly connection: string | undefined;
  readonly contentType: string | undefined;
  readonly chunked: boolean;
};

export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" };

/** A head that was read whole; `size` is what it took of the bytes, the empty line included. */
export type ReadHead = {
  readonly kind: "head";
  readonly head: AnswerHead;
  readonly framing: BodyFraming;
  readonly size: number;
  /** Whether the upstream lets the connection serve another request. */
  readonly stays: boolean;
};

const endOfHead = Buffer.from("\r\n\r\n");
const begin = "HTTP/1.1 ";
const statusLine = /^HTTP\/1\.1 ([2-5]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const text = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Reads the head of an answer to a request without body, in its plain and usual form only (RFC 9112 sections 4 to 6): HTTP/1.1, a final
 * status, no folded line, one way of framing and said once. "other" is all the rest, right or wrong: a whole parser must judge it.
 */
export function readAnswerHead(
  bytes: Buffer,
  { isHead, mostBytes }: { isHead: boolean; mostBytes: number },
): ReadHead | { readonly kind: "partial" } | { readonly kind: "other" } {
  if (bytes.toString("latin1", 0, begin.length) !== begin.slice(0, bytes.length)) return other;
  const end = bytes.indexOf(endOfHead);
  if (end > mostBytes || (end === -1 && bytes.length > mostBytes)) return other;
  if (end === -1) return partial;
  return parse(bytes.toString("latin1", 0, end), isHead);
}

const other = { kind: "other" } as const;
const partial = { kind: "partial" } as const;

function parse(whole: string, isHead: boolean): ReadHead | typeof other {
  let lineEnd = whole.indexOf("\r\n");
  const [line, status = "", phrase = ""] = statusLine.exec(lineEnd === -1 ? whole : whole.slice(0, lineEnd)) ?? [];
  if (line === undefined) return other;
  const rawHeaders: string[] = [];
  let connection: string | undefined;
  let contentType: string | undefined;
  let coding: string | undefined;
  let length: string | undefined;
  while (lineEnd !== -1) {
    const start = lineEnd + 2;
    lineEnd = whole.indexOf("\r\n", start);
    const field = readField(lineEnd === -1 ? whole.slice(start) : whole.slice(start, lineEnd));
    if (field === null) return other;
    const { name, lower, value } = field;
    rawHeaders.push(name, value);
    switch (lower) {
      case "connection":
        connection = connection === undefined ? value : `${connection}, ${value}`;
        break;
      case "content-type":
        contentType ??= value;
        break;
      case "transfer-encoding":
        if (coding !== undefined || value.toLowerCase() !== "chunked") return other;
        coding = value;
        break;
      case "content-length":
        if (length !== undefined || !/^\d{1,15}$/.test(value)) return other;
        length = value;
        break;
      case "upgrade":
        return other;
    }
  }
  const framing = framingFrom({ isBodyless: isHead || status === "204" || status === "304", coding, length });
  if (framing === null) return other;
  const head = { status: Number(status), phrase, rawHeaders, connection, contentType, chunked: coding !== undefined };
  return { kind: "head", head, framing, size: whole.length + endOfHead.length, stays: !closes(connection) };
}

/** A header line as name and value, or null if it is not of the usual form. */
export function readField(line: string): { name: string; lower: string; value: string } | null {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(0, colon));
  if (!token.test(name)) return null;
  const value = trimmed(line, colon + 1);
  return text.test(value) ? { name, lower: name.toLowerCase(), value } : null;
}

/** Without the spaces and tabs around it, and no other (RFC 9110 section 5.5). */
function trimmed(line: string, from: number): string {
  let [start, end] = [from, line.length];
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

type Said = { isBodyless: boolean; coding: string | undefined; length: string | undefined };

/** Null where the end of the connection is the end of the body, and where both framings are said. */
function framingFrom({ isBodyless, coding, length }: Said): BodyFraming | null {
  if (coding !== undefined) return length === undefined && !isBodyless ? { kind: "chunked" } : null;
  if (isBodyless) return { kind: "none" };
  return length === undefined ? null : { kind: "length", bytes: Number(length) };
}

function closes(connection: string | undefined): boolean {
  return connection !== undefined && /(?:^|,)\s*close\s*(?:,|$)/i.test(connection);
}
