#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// The next start finds our code and that of the packages compiled; where the folder cannot be written it starts as before.
enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/mayfly", import.meta.url)));
const { runCli } = await import("./cli/cli.ts");

// A reader that has enough (`mayfly ls | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

// oxlint-disable-next-line no-restricted-properties -- the one place that reads the environment; all others are handed it
const environment = process.env;

process.exitCode = await runCli(process.argv.slice(2), {
  environment,
  columns: process.stdout.columns ?? (Number(environment["COLUMNS"]) || 80),
  hasColor: process.stdout.isTTY && !environment["NO_COLOR"],
  isRoot: process.getuid?.() === 0,
  print: (text) => void process.stdout.write(`${text}\n`),
  complain: (text) => void process.stderr.write(`${text}\n`),
  // oxlint-disable-next-line no-restricted-properties, no-restricted-globals -- a terminal's ages are told by the real time
  now: () => Date.now(),
  interruption() {
    const interrupted = new AbortController();
    // Only once each: who asks a second time is not kept waiting.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
    return interrupted.signal;
  },
});
