import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import type { Clock } from "../domain/time.ts";
import { exitCodeOf } from "./exec.ts";
import { cleanLine, createLineSplitter } from "./log-lines.ts";

/** A program to run inside a running container for what it writes. */
export type OutputCall = {
  command: string[];
  env?: string[];
  signal: AbortSignal;
  /** The error of one that ended with another code than 0; `lines` are the last it complained with, clean. */
  failed(exitCode: number, lines: readonly string[]): Error;
};

const keptLines = 50;

/**
 * What a program in a container writes, byte for byte and no faster than it is read. One whose reader leaves, or that
 * is aborted, finds its output closed. Throws EngineError, what `failed` answers, or the signal's reason.
 */
export async function* outputOf(
  host: { docker: Docker; clock: Clock },
  container: string,
  { command, env = [], signal, failed }: OutputCall,
): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  const exec = await host.docker.getContainer(container).exec({
    Cmd: command,
    Env: env,
    AttachStdout: true,
    AttachStderr: true,
  });
  const socket = await exec.start({ hijack: true, stdin: false });
  const abort = () => socket.destroy();
  signal.addEventListener("abort", abort, { once: true });
  const lines: string[] = [];
  const complaints = createLineSplitter((line) => {
    lines.push(cleanLine(line));
    if (lines.length > keptLines) lines.shift();
  });
  try {
    for await (const { isError, bytes } of framesOf(socket)) {
      if (isError) complaints.write(bytes);
      else yield bytes;
    }
    complaints.end();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
  signal.throwIfAborted();
  const exitCode = await exitCodeOf(host.clock, exec);
  if (exitCode !== 0) throw failed(exitCode, lines);
}

/** Frames of an 8-byte header (stream, three zeros, length) and their bytes, in the pieces that arrive. */
async function* framesOf(socket: Duplex): AsyncGenerator<{ isError: boolean; bytes: Buffer }> {
  let rest: Buffer = Buffer.alloc(0);
  let left = 0;
  let isError = false;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length > 0 && (left > 0 || rest.length >= headerBytes)) {
      if (left === 0) {
        isError = rest[0] === 2;
        left = rest.readUInt32BE(4);
        rest = rest.subarray(headerBytes);
      }
      const bytes = rest.subarray(0, left);
      rest = rest.subarray(bytes.length);
      left -= bytes.length;
      if (bytes.length > 0) yield { isError, bytes };
    }
  }
}

const headerBytes = 8;
