import type { Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";
import type { Clock } from "../domain/time.ts";
import { cleanLine, createLogSplitter } from "./log-lines.ts";

/** A program to run inside a running container. */
export type ExecCall = {
  command: string[];
  env?: string[];
  /** Its standard input, written as fast as it reads; absent means none. */
  input?: AsyncIterable<string | Buffer>;
  /** Told each line of its output; false ends the call, since the rest is not wanted. */
  heard?(line: string): boolean;
  signal: AbortSignal;
};

/** `lines`: the last 200 of its output, clean. */
export type ExecResult = { exitCode: number; lines: string[] };

const keptLines = 200;

/**
 * Runs a program in a container and waits for its end. An aborted one is left behind with its input closed: the
 * engine has no call that ends it. Throws EngineError (409 when the container is not running), or the signal's reason.
 */
export async function execute(
  host: { docker: Docker; clock: Clock },
  container: string,
  call: ExecCall,
): Promise<ExecResult> {
  call.signal.throwIfAborted();
  const exec = await host.docker.getContainer(container).exec({
    Cmd: call.command,
    Env: call.env ?? [],
    AttachStdin: call.input !== undefined,
    AttachStdout: true,
    AttachStderr: true,
  });
  const lines: string[] = [];
  const abort = () => void socket.destroy();
  const splitter = createLogSplitter(true, (line) => {
    lines.push(cleanLine(line));
    if (lines.length > keptLines) lines.shift();
    if (call.heard?.(line) === false) abort();
  });
  const socket = await exec.start({ hijack: true, stdin: call.input !== undefined });
  call.signal.addEventListener("abort", abort, { once: true });
  try {
    socket.on("data", splitter.write);
    // A program that ends before its input does resets the connection; its exit code tells what that meant.
    socket.on("error", () => socket.destroy());
    const closed = socket.destroyed ? Promise.resolve() : new Promise<void>((resolve) => socket.once("close", resolve));
    if (call.signal.aborted) abort();
    if (call.input !== undefined) await feed(socket, call.input);
    await closed;
    splitter.end();
    call.signal.throwIfAborted();
    return { exitCode: await exitCodeOf(host.clock, exec), lines };
  } finally {
    call.signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

async function feed(socket: Duplex, input: AsyncIterable<string | Buffer>): Promise<void> {
  for await (const chunk of input) {
    // What the program has said is read before more is written: a failed write would throw it away.
    await nextTurn();
    if (socket.destroyed) return;
    if (!socket.write(chunk)) await drained(socket);
  }
  socket.end();
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

/** How a program ended whose stream has: the engine may know it a moment later. Throws EngineError. */
export async function exitCodeOf(clock: Clock, exec: Docker.Exec): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { Running, ExitCode } = await exec.inspect();
    if (!Running && ExitCode !== null) return ExitCode;
    await clock.sleep(20);
  }
  throw new EngineError("engine-unreachable", "the connection to a program in a container was lost", {
    retry: "backoff",
  });
}
