import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readStateFile } from "../config/state-folder.ts";
import { MayflyError } from "../domain/errors.ts";
import type { Terminal } from "./terminal.ts";

/** Where the server that `mayfly up` starts by itself keeps everything. */
export function ownServerFolder(environment: Terminal["environment"]): string {
  const base = environment["XDG_STATE_HOME"] || join(environment["HOME"] || homedir(), ".local", "state");
  return join(base, "mayfly");
}

/** The token of the server that `mayfly up` started; null when it never started one. */
export function ownServerToken(environment: Terminal["environment"]): string | null {
  return readStateFile(join(ownServerFolder(environment), "state"), "api-token");
}

/** Where it listens, and where a server is looked for that nobody named. */
export const ownServerUrl = "http://127.0.0.1:8080";

const readyWithinMs = 30_000;

/**
 * Starts a server of this user's own in the background, on 127.0.0.1:8080 and without GitHub. It goes on running; how to
 * stop it is said. Throws MayflyError with the end of its log when it does not come up.
 */
export async function startOwnServer(terminal: Terminal): Promise<void> {
  const folder = ownServerFolder(terminal.environment);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const config = join(folder, "server.yaml");
  if (!existsSync(config))
    writeFileSync(
      config,
      `# Made by \`mayfly up\`. Only this machine reaches it, so its previews need no key.
state: ${JSON.stringify(join(folder, "state"))}
defaults: { access: public }
`,
    );
  const logFile = join(folder, "mayfly.log");
  const log = openSync(logFile, "a");
  const main = resolve(import.meta.dirname, "../main.ts");
  const child = spawn(process.execPath, [main, "serve", "--config", config], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...terminal.environment },
  });
  child.unref();
  terminal.complain(`No server runs here, so one was started (stop it with \`kill ${child.pid}\`; log: ${logFile}).`);
  const until = terminal.now() + readyWithinMs;
  while (terminal.now() < until && child.exitCode === null) {
    const ready = await fetch(`${ownServerUrl}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await sleep(100);
  }
  const last = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-3).join("\n");
  throw new MayflyError("server-unreachable", `the server that was started did not come up:\n${last}`);
}
