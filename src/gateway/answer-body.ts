import { readField, type BodyFraming } from "./answer-head.ts";

export type BodyReader = {
  /** Tells `onData` what of the bytes is body; "bad" when they break the framing. After "end" or "bad" nothing may be read. */
  readonly read: (bytes: Buffer) => "more" | "end" | "bad";
  /** Bytes came behind the end: the connection is good for nothing more. */
  readonly hasSurplus: () => boolean;
  /** Flat name, value list; whole at the end. */
  readonly rawTrailers: () => readonly string[];
};

/** Reads a body that comes in pieces (RFC 9112 sections 6.2 and 7.1). */
export function createBodyReader(framing: BodyFraming, onData: (piece: Buffer) => void): BodyReader {
  return framing.kind === "chunked"
    ? chunkedReader(onData)
    : lengthReader(framing.kind === "none" ? 0 : framing.bytes, onData);
}

function lengthReader(bytes: number, onData: (piece: Buffer) => void): BodyReader {
  let left = bytes;
  let surplus = false;
  return {
    read(piece) {
      surplus = piece.length > left;
      const ours = surplus ? piece.subarray(0, left) : piece;
      left -= ours.length;
      if (ours.length > 0) onData(ours);
      return left === 0 ? "end" : "more";
    },
    hasSurplus: () => surplus,
    rawTrailers: () => [],
  };
}

/** Longer than any sensible line between chunks: extensions, and trailers. */
const mostLineBytes = 8 * 1024;
const mostTrailers = 200;
const sizeLine = /^([0-9a-f]{1,12})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;

function chunkedReader(onData: (piece: Buffer) => void): BodyReader {
  let state: "size" | "data" | "data-end" | "trailers" = "size";
  /** Of the chunk that is being read. */
  let left = 0;
  /** Of a line that is not whole yet. */
  let begun = "";
  let surplus = false;
  const trailers: string[] = [];

  /** What a line says about what comes next. */
  function take(line: string): "more" | "end" | "bad" {
    if (state === "data-end") {
      state = "size";
      return line === "" ? "more" : "bad";
    }
    if (state === "size") {
      const size = sizeLine.exec(line)?.[1];
      if (size === undefined) return "bad";
      left = Number.parseInt(size, 16);
      state = left === 0 ? "trailers" : "data";
      return "more";
    }
    if (line === "") return "end";
    const field = readField(line);
    if (field === null || trailers.length >= 2 * mostTrailers) return "bad";
    trailers.push(field.name, field.value);
    return "more";
  }

  return {
    read(bytes) {
      let at = 0;
      while (at < bytes.length) {
        if (state === "data") {
          const piece = bytes.subarray(at, at + left);
          at += piece.length;
          left -= piece.length;
          onData(piece);
          if (left === 0) state = "data-end";
          continue;
        }
        const newline = bytes.indexOf(10, at);
        begun += bytes.toString("latin1", at, newline === -1 ? bytes.length : newline + 1);
        if (begun.length > mostLineBytes) return "bad";
        if (newline === -1) return "more";
        at = newline + 1;
        if (!begun.endsWith("\r\n")) return "bad";
        const outcome = take(begun.slice(0, -2));
        begun = "";
        surplus = at < bytes.length;
        if (outcome !== "more") return outcome;
      }
      return "more";
    },
    hasSurplus: () => surplus,
    rawTrailers: () => trailers,
  };
}
