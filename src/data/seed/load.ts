import type Docker from "dockerode";
import { EngineError } from "../../domain/errors.ts";
import type { Clock } from "../../domain/time.ts";
import { execute, type ExecResult } from "../../engine/exec.ts";
import type { Step } from "../../plan/step.ts";
import { isPostgres, psql } from "./postgres.ts";

/** The files, and the running container of the service that they go into. */
export type SeedStep = Pick<Extract<Step, { kind: "seed" }>, "container" | "service" | "seed">;

/** Where a seed's files are read from, and what ends it. */
export type SeedScope = { signal: AbortSignal; readSource(path: string): Promise<string> };

/** Written by the last statement of a file: the proof that all of it arrived and was committed. */
const committed = "mayfly: seed committed";
/** What is written at once: a program that reads slowly is waited for between these. */
const chunkCharacters = 64 * 1024;

/**
 * Loads a kept service's seed files in order, each in one transaction: a file that is cut off or fails leaves nothing
 * behind. Throws EngineError `seed-failed` with the database's own words, the file and the line.
 */
export async function runSeed(host: { docker: Docker; clock: Clock }, step: SeedStep, scope: SeedScope): Promise<void> {
  if (!isPostgres(step.service)) throw unsupported(step.seed.service);
  const info = await host.docker.getContainer(step.container).inspect();
  const environment = readEnvironment(info.Config.Env);
  for (const part of step.seed.parts) {
    scope.signal.throwIfAborted();
    if (part.kind !== "file" || part.form !== "sql") throw unsupported(step.seed.service);
    const text = await scope.readSource(part.path);
    const result = await execute(host, step.container, {
      command: psql(environment),
      env: [`PGPASSWORD=${environment.get("POSTGRES_PASSWORD") ?? ""}`],
      input: transaction(text),
      signal: scope.signal,
    });
    if (result.exitCode !== 0 || !result.lines.some((line) => line.includes(committed))) {
      throw failed(step, part.path, result);
    }
  }
}

/**
 * `--single-transaction` would commit the half of a file that arrives when we are killed in its middle; here the
 * COMMIT is the input's own last line. BEGIN goes ahead of it, so that psql's line numbers are the file's.
 */
async function* transaction(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += chunkCharacters) yield text.slice(at, at + chunkCharacters);
  yield `\n${isTerminated(text) ? "" : ";"}COMMIT;\nSELECT '${committed}';\n`;
}

/** An empty statement right after a COPY makes psql 17.11 stop reading, with exit code 0: none is added needlessly. */
function isTerminated(text: string): boolean {
  const lines = text.slice(-10_000).split("\n");
  const last = lines.findLast((line) => line.trim() !== "" && !line.trim().startsWith("--"))?.trim() ?? ";";
  return last.endsWith(";") || last.startsWith("\\");
}

function failed(step: SeedStep, file: string, { exitCode, lines }: ExecResult): EngineError {
  const error = lines.findLast((line) => /\b(ERROR|FATAL|error):/.test(line)) ?? lines.at(-1);
  const [, line, text] = /^psql:<stdin>:(\d+): (?:ERROR|FATAL):\s*(.*)$/.exec(error ?? "") ?? [];
  const where = line === undefined ? file : `${file}:${line}`;
  const what = text ?? error ?? (exitCode === 0 ? "its end was not reached" : `psql ended with code ${exitCode}`);
  return new EngineError("seed-failed", `${where} could not be loaded into ${step.seed.service}: ${what}`, {
    service: step.seed.service,
    logTail: lines.slice(-20),
  });
}

/** Why a service that is none of the databases we know is not seeded. */
export function unsupported(service: string): EngineError {
  return new EngineError("seed-failed", `${service} cannot be seeded: it is not a Postgres service`, {
    hint: "This version loads SQL files into images named postgres, or services with POSTGRES_* in their environment.",
    service,
  });
}

function readEnvironment(entries: readonly string[]): Map<string, string> {
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}
