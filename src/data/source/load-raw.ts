import { EngineError } from "../../domain/errors.ts";
import type { Dump } from "./recognize.ts";
import { tellRefusal } from "./refusal.ts";
import type { Scratch } from "./scratch.ts";

/**
 * Loads what a source gives as it is into a scratch Postgres, and answers the name of the database that holds it. Roles
 * that are missing are nobody's loss: all is the superuser's. What a server says of raw data may quote it, so it is
 * told without. Throws EngineError `source-failed`.
 */
export async function loadRaw(raw: Scratch, { form, content }: Dump, source: string): Promise<string> {
  const refused: string[] = [];
  const heard = (line: string) => {
    if (/\b(ERROR|FATAL):/.test(line) && !isNobodysLoss(line)) refused.push(tellRefusal(line));
  };
  const { exitCode, lines } = await raw.running.execute({
    command: form === "dump" ? restore : script,
    input: content,
    heard: (line) => {
      heard(line);
      return refused.length === 0;
    },
  });
  const [first] = refused;
  if (first !== undefined) throw notLoaded(source, first);
  if (exitCode !== 0 && form === "sql") throw notLoaded(source, `psql ended with code ${exitCode}`);
  if (exitCode !== 0) throw notLoaded(source, tellRefusal(lines.at(-1) ?? ""));
  return await databaseWithData(raw, source);
}

const account = ["--username=postgres", "--dbname=postgres"];
const script = [
  "psql",
  "--no-psqlrc",
  "--quiet",
  "--output=/dev/null",
  "--set=VERBOSITY=terse",
  ...account,
  "--file=-",
];
const restore = [
  "pg_restore",
  "--no-owner",
  "--no-privileges",
  "--no-publications",
  "--no-subscriptions",
  "--exit-on-error",
  ...account,
];

function notLoaded(source: string, what: string): EngineError {
  return new EngineError("source-failed", `the source ${source} could not be loaded to be masked: ${what}`);
}

function isNobodysLoss(line: string): boolean {
  return /ERROR:\s+role ".*" (does not exist|already exists)$/.test(line);
}

/** What was dumped with `--create`, or as a whole cluster, is in a database of its own. */
async function databaseWithData({ running }: Scratch, source: string): Promise<string> {
  const query = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'";
  const command = ["psql", "--no-psqlrc", "-Atq", ...account, "-c", query];
  const { exitCode, lines } = await running.execute({ command });
  if (exitCode !== 0) throw notLoaded(source, tellRefusal(lines.at(-1) ?? ""));
  const [only, ...more] = lines.filter((line) => line !== "");
  if (more.length > 0) throw notLoaded(source, `it holds several databases: ${lines.join(", ")}. Dump one of them`);
  return only ?? "postgres";
}
