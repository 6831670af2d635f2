import { text } from "node:stream/consumers";
import { Readable } from "node:stream";
import { type Running, type SeedFile, seedFailed, tellingLine } from "./tool.ts";

/** A program's argument is no longer than 128 KiB (Linux, execve(2)). */
const mostBytes = 128 * 1024 - 1;
const shells = ["sh", "bash", "ash", "dash"];

/** Runs a shell script in the service's container, with its environment; the first command that fails ends it. Throws EngineError `seed-failed`. */
export async function runScript(running: Running, file: SeedFile): Promise<void> {
  const fail = (what: string, lines: readonly string[] = [], hint?: string) =>
    seedFailed(running.service, { where: file.name, what, lines, hint });
  const script = await text(Readable.from(upTo(file.content, mostBytes + 1)));
  if (Buffer.byteLength(script) > mostBytes) throw fail("a script has at most 128 KiB");
  const shell = shellOf(script);
  if (!shells.includes(shell))
    throw fail(`it is a script for ${shell}`, [], `A seed's script is run by one of ${shells.join(", ")}.`);
  // As an argument, so that what it runs does not read the rest of it.
  const { exitCode, lines } = await running.execute({ command: [shell, "-e", "-c", script, file.name] });
  if (exitCode === 0) return;
  const said = tellingLine(lines);
  throw fail(`it ended with code ${exitCode}${said === undefined ? "" : `: ${said}`}`, lines);
}

/** The program of `#!/bin/bash` and of `#!/usr/bin/env bash`; sh without such a line. */
function shellOf(script: string): string {
  const words = /^#!\s*(.*)/.exec(script)?.[1]?.trim().split(/\s+/) ?? ["sh"];
  const [first = "", second = ""] = words;
  const name = first.endsWith("/env") ? second : first;
  return name.slice(name.lastIndexOf("/") + 1);
}

async function* upTo(content: AsyncIterable<Buffer>, mostBytes: number): AsyncGenerator<Buffer> {
  let read = 0;
  for await (const chunk of content) {
    yield chunk;
    read += chunk.length;
    if (read > mostBytes) return;
  }
}
