import { spawn } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { once } from "node:events";
import { EngineError } from "../../domain/errors.ts";
import type { Source } from "../../domain/source.ts";

/** Where a source's command runs: beside the server file, with our environment but for our own credentials. */
export type SourcePlace = { folder: string; environment: Readonly<Record<string, string | undefined>> };

/** How much of what a command complains is kept. */
const wordsLimit = 2000;

/**
 * What a source gives, as it comes: a file's bytes, or what its command prints. Whatever ends the reading ends the
 * command with all that it started. Throws EngineError `source-failed`, with the command's last words as its cause:
 * they are for the operator alone.
 */
export async function* readSource(
  { name, from, mostBytes }: Pick<Source, "name" | "from" | "mostBytes">,
  place: SourcePlace,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = mostBytes;
  for await (const chunk of from.kind === "file"
    ? fileBytes(name, from.path, signal)
    : printed(name, from.command, { place, signal })) {
    left -= chunk.length;
    if (left < 0) throw tooLarge(name);
    yield chunk;
  }
  if (left === mostBytes)
    throw sourceFailed(name, from.kind === "file" ? "its file is empty" : "its command printed nothing");
}

/** More than its `max_size`, as it comes or unpacked. */
export function tooLarge(name: string): EngineError {
  return sourceFailed(name, "it is larger than its max_size");
}

/** `words` are kept from whom the source's own words are not for. */
export function sourceFailed(name: string, why: string, words?: string): EngineError {
  return new EngineError("source-failed", `the source ${name} gave no data: ${why}`, {
    ...(words !== undefined && words !== "" && { cause: new Error(words) }),
  });
}

async function* fileBytes(name: string, path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { signal }) as AsyncIterable<Buffer>;
  } catch (error) {
    signal.throwIfAborted();
    throw sourceFailed(name, "its file cannot be read", String(error));
  }
}

/** A pipe fails with any of its programs, for what one of them did not say is missing. Newer `sh` know it, and bash does. */
const failingPipes = "(set -o pipefail) 2>/dev/null && set -o pipefail";
const shell = existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";

type Run = { place: SourcePlace; signal: AbortSignal };

async function* printed(name: string, command: string, { place, signal }: Run): AsyncGenerator<Buffer> {
  // Of its own process group, so that a client that the shell started does not outlive it.
  const child = spawn(shell, ["-c", `${failingPipes}\n${command}`], {
    cwd: place.folder,
    env: place.environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = () => endGroup(child.pid);
  const ended = once(child, "close") as Promise<[number | null]>;
  // Looked at below; one that could not be started must not be nobody's meanwhile.
  ended.catch(() => undefined);
  signal.addEventListener("abort", stop, { once: true });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-wordsLimit);
  });
  let exitCode: number | null;
  try {
    if (signal.aborted) stop();
    yield* child.stdout as AsyncIterable<Buffer>;
    [exitCode] = await ended.catch((error: unknown) => {
      throw sourceFailed(name, "its command could not be started", String(error));
    });
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
  signal.throwIfAborted();
  if (exitCode === 0) return;
  const how = exitCode === null ? "was ended" : `ended with exit code ${exitCode}`;
  throw sourceFailed(name, `its command ${how}`, said.trim());
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // It ended by itself.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
