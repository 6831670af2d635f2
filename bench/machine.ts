import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
/** A client without plugins may come first on the path. */
const client = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker";

/** What the engine's own client says; rejects when it ends with another code than 0. */
export async function docker(
  words: readonly string[],
  { cwd, input }: { cwd?: string; input?: string } = {},
): Promise<string> {
  const call = run(client, words, { cwd });
  call.child.stdin?.end(input);
  return (await call).stdout.trim();
}

/** Looks again and again, until it is so. */
export async function until(check: () => boolean | Promise<boolean>, everyMs = 25): Promise<void> {
  while (!(await check())) await sleep(everyMs);
}

/** Ends early when it is all over. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });
}

/** What the machine had to do in the last minute, in processors. */
export function load(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2));
}
