import { StringDecoder } from "node:string_decoder";
import { cleanText } from "../domain/clean-text.ts";

/** Characters kept of one line; the rest up to its end is dropped. */
export const lineLimit = 4 * 1024;

export type LineSink = { write(chunk: Buffer): void; end(): void };

/** Bytes in, lines out: splits at line feeds, whatever the chunks, and cuts what is longer than a line may be. */
export function createLineSplitter(onLine: (line: string) => void): LineSink {
  const decoder = new StringDecoder("utf8");
  let line = "";
  const add = (text: string) => {
    if (line.length <= lineLimit) line += text.slice(0, lineLimit + 1 - line.length);
  };
  const flush = () => {
    onLine(line.length > lineLimit ? `${line.slice(0, lineLimit)}…` : line);
    line = "";
  };
  return {
    write(chunk) {
      const [first = "", ...rest] = decoder.write(chunk).split("\n");
      add(first);
      for (const part of rest) {
        flush();
        add(part);
      }
    },
    end() {
      add(decoder.end());
      if (line !== "") flush();
    },
  };
}

/**
 * Takes the engine's attach, log and exec streams apart: frames of an 8-byte header (stream, three zeros, length) and
 * their bytes, stdout and stderr each with its own lines (Engine API, `POST /containers/{id}/attach`). A container
 * with a terminal sends bare bytes: `framed` false.
 */
export function createLogSplitter(framed: boolean, onLine: (line: string) => void): LineSink {
  const [out, err] = [createLineSplitter(onLine), createLineSplitter(onLine)];
  let header = Buffer.alloc(0);
  let left = 0;
  let sink = out;
  const takeFrames = (chunk: Buffer) => {
    let bytes = chunk;
    while (bytes.length > 0) {
      if (left > 0) {
        const payload = bytes.subarray(0, left);
        sink.write(payload);
        left -= payload.length;
        bytes = bytes.subarray(payload.length);
        continue;
      }
      const missing = 8 - header.length;
      header = Buffer.concat([header, bytes.subarray(0, missing)]);
      bytes = bytes.subarray(missing);
      if (header.length < 8) return;
      sink = header[0] === 2 ? err : out;
      left = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  };
  return {
    write: framed ? takeFrames : out.write,
    end() {
      out.end();
      err.end();
    },
  };
}

/** A line as it may be shown anywhere (`cleanText`); of one redrawn by carriage returns, what it showed last. */
export function cleanLine(line: string): string {
  const shown = line.split("\r").map(cleanText);
  return (shown.findLast((part) => part !== "") ?? "").replaceAll("\n", "");
}
