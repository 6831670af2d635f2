import { EngineError } from "../../domain/errors.ts";
import type { ExecCall, ExecResult } from "../../engine/exec.ts";

/** A file of a seed as it is read: what is in it, whatever it is named. */
export type SeedFile = {
  /** As people know it: its path in the repository, say. */
  name: string;
  /** Its first bytes. */
  head: Buffer;
  /** All of it, in pieces as they are asked for. */
  content: AsyncIterable<Buffer>;
};

/** A running database, and what is run in its container. */
export type Running = {
  service: string;
  /** Of its container. */
  environment: ReadonlyMap<string, string>;
  command: readonly string[];
  execute(call: Pick<ExecCall, "command" | "env" | "input" | "heard">): Promise<ExecResult>;
};

/** How one kind of database is asked and filled. */
export type DatabaseTool = {
  /** A program of its image that ends with 0 once it answers others, which it does not while its image sets it up. */
  readyCheck(database: Pick<Running, "environment" | "command">): string[];
  /** Loads one file. Throws EngineError `seed-failed` with its own words and the line. */
  load(database: Running, file: SeedFile): Promise<void>;
  /** Whether there is nothing in it; null where it says neither. */
  isEmpty?(database: Running): Promise<boolean | null>;
  /** Before it is stopped for good: what it holds in memory alone would be lost. */
  settle?(database: Running): Promise<void>;
};

/** Written by the last statement of a file: the proof that all of it arrived. */
export const committed = "mayfly: seed committed";

/** `where` is a file, perhaps with its line. */
export function seedFailed(
  service: string,
  { where, what, lines, hint }: { where: string; what: string; lines: readonly string[]; hint?: string | undefined },
): EngineError {
  return new EngineError("seed-failed", `${where} could not be loaded into ${service}: ${what}`, {
    ...(hint !== undefined && { hint }),
    service,
    logTail: lines.slice(-20),
  });
}

/**
 * The content, and then a last word of ours that depends on how it ended: `end` is given its last 64 KB as text (Latin 1,
 * so that it may be cut anywhere).
 */
export async function* withEnd(
  content: AsyncIterable<Buffer>,
  end: (tail: string) => string,
): AsyncGenerator<string | Buffer> {
  let tail = Buffer.alloc(0);
  for await (const chunk of content) {
    yield chunk;
    tail = Buffer.concat([tail, chunk]).subarray(-tailBytes);
  }
  yield end(tail.toString("latin1"));
}

const tailBytes = 64 * 1024;

/** Of what a program printed, the line that tells most: its last error, or its last line. */
export function tellingLine(lines: readonly string[]): string | undefined {
  return (
    lines.findLast((line) => /(error|exception)\b|\b(fatal|cannot|denied)\b/i.test(line)) ??
    lines.findLast((line) => line.trim() !== "")
  );
}

/** How a program ended that said nothing of it. */
export function howItEnded(program: string, exitCode: number): string {
  // Of a program that we did not end ourselves it is the kernel's word, at the limit of the container.
  if (exitCode === 137) return `${program} was killed: the memory of the service was not enough for it`;
  return `${program} ended with code ${exitCode}`;
}

/** The last line of a script that says something. */
export function lastWord(tail: string): string {
  const lines = tail.split("\n").map((line) => line.trim());
  return lines.findLast((line) => line !== "" && !line.startsWith("--")) ?? ";";
}
