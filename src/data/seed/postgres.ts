import type { ExecResult } from "../../engine/exec.ts";
import { settlePostgres } from "./postgres-settle.ts";
import {
  committed,
  type DatabaseTool,
  howItEnded,
  lastWord,
  type Running,
  type SeedFile,
  seedFailed,
  withEnd,
} from "./tool.ts";

type Environment = ReadonlyMap<string, string>;

/** PostgreSQL by its image's own psql and pg_restore: each file is one transaction. */
export const postgres: DatabaseTool = {
  // By address: while the image sets a new database up, Postgres listens on its socket only.
  readyCheck: ({ environment }) => ["pg_isready", "--quiet", "--host=127.0.0.1", ...account(environment)],
  async load(database, file) {
    await (file.head.subarray(0, 5).toString("latin1") === "PGDMP"
      ? restore(database, file)
      : runScript(database, file));
  },
  settle: (database) =>
    settlePostgres(database, { account: account(database.environment), env: [password(database.environment)] }),
};

/**
 * `--single-transaction` would commit the half of a file that arrives when we are killed in its middle; here the
 * COMMIT is the input's own last line. BEGIN goes ahead of it, so that psql's line numbers are the file's.
 */
async function runScript(database: Running, file: SeedFile): Promise<void> {
  const options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", ...account(database.environment)];
  const result = await database.execute({
    command: ["psql", ...options, "--command=BEGIN", "--file=-"],
    env: [password(database.environment)],
    input: withEnd(file.content, (tail) => `\n${isTerminated(tail) ? "" : ";"}COMMIT;\nSELECT '${committed}';\n`),
  });
  if (result.exitCode === 0 && result.lines.some((line) => line.includes(committed))) return;
  const { exitCode, lines } = result;
  const error = lines.findLast((line) => /\b(ERROR|FATAL|error):/.test(line)) ?? lines.at(-1);
  const [, line, text] = /^psql:<stdin>:(\d+): (?:ERROR|FATAL):\s*(.*)$/.exec(error ?? "") ?? [];
  const what = text ?? error ?? (exitCode === 0 ? "its end was not reached" : howItEnded("psql", exitCode));
  const where = line === undefined ? file.name : `${file.name}:${line}`;
  throw seedFailed(database.service, { where, what, lines, hint: hintFor(what) });
}

/** An empty statement right after a COPY makes psql 17.11 stop reading, with exit code 0: none is added needlessly. */
function isTerminated(tail: string): boolean {
  const last = lastWord(tail);
  return last.endsWith(";") || last.startsWith("\\");
}

/** Owners and grants are left out: they name roles of the database that was dumped. */
async function restore(database: Running, file: SeedFile): Promise<void> {
  const options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"];
  const result = await database.execute({
    command: ["pg_restore", ...options, ...account(database.environment)],
    env: [password(database.environment)],
    input: file.content,
  });
  if (result.exitCode === 0) return;
  throw seedFailed(database.service, { where: file.name, what: restoreError(result), lines: result.lines });
}

function restoreError({ exitCode, lines }: ExecResult): string {
  const said = lines.find((line) => line.startsWith("pg_restore: error:"))?.slice("pg_restore: error:".length);
  return said?.replace(/^.*?\b(ERROR|FATAL):\s*/, "").trim() ?? lines.at(-1) ?? howItEnded("pg_restore", exitCode);
}

function hintFor(what: string): string | undefined {
  if (/inside a transaction block/.test(what))
    return "Each file is loaded as one transaction: take the statement out (pg_dump without --create).";
  if (/^role ".*" does not exist/.test(what))
    return "Dump without owners and grants (pg_dump --no-owner --no-acl), or create the role in a file before this one.";
  return undefined;
}

/** User and database default as in the official image (hub.docker.com/_/postgres). */
function account(environment: Environment): string[] {
  const user = environment.get("POSTGRES_USER") || "postgres";
  return [`--username=${user}`, `--dbname=${environment.get("POSTGRES_DB") || user}`];
}

function password(environment: Environment): string {
  return `PGPASSWORD=${environment.get("POSTGRES_PASSWORD") ?? ""}`;
}
