import { catalogQuery, pgDumpOptions, readCatalog } from "../../mask/postgres/catalog.ts";
import { postgres } from "../../seed/postgres.ts";
import { committed, type Running, withEnd } from "../../seed/tool.ts";
import type { Dump } from "../recognize.ts";
import { tellRefusal } from "../refusal.ts";
import { type MaskingDatabase, notLoaded, oneOf } from "./database.ts";

/** Nothing is forced to disk, nothing is archived, and no statement is written to a log. */
const settings = [
  "fsync=off",
  "synchronous_commit=off",
  "full_page_writes=off",
  "wal_level=minimal",
  "max_wal_senders=0",
  "archive_mode=off",
  "autovacuum=off",
  "log_statement=none",
  "log_min_messages=fatal",
  "log_min_error_statement=panic",
].flatMap((setting) => ["-c", setting]);

const quiet = ["--no-psqlrc", "-Atq", "-U", "postgres"];

/** Postgres, of any image that says where its data is, as the official one does. */
export const maskingPostgres: MaskingDatabase = {
  kind: "postgres",
  tool: postgres,
  isIn: (image) => pgdataOf(image) !== undefined,
  start: (image, { password }) => ({
    env: [`POSTGRES_PASSWORD=${password}`, "POSTGRES_INITDB_ARGS=--no-sync"],
    command: ["postgres", ...settings],
    folder: pgdataOf(image) ?? "",
  }),
  loadRaw,
  catalog: (database) => ["psql", ...quiet, "-d", database, "-c", catalogQuery],
  readCatalog,
  dump: (database) => ["pg_dump", ...pgDumpOptions, "-U", "postgres", database],
};

function pgdataOf({ Env }: Parameters<MaskingDatabase["isIn"]>[0]): string | undefined {
  return Env?.find((entry) => entry.startsWith("PGDATA="))?.slice("PGDATA=".length);
}

/** Roles that are missing are nobody's loss: all is the superuser's. */
async function loadRaw(running: Running, { form, content }: Dump, source: string): Promise<string> {
  const refused: string[] = [];
  const { exitCode, lines } = await running.execute({
    command: form === "dump" ? restore : script,
    input: form === "dump" ? content : withEnd(content, () => `\n\\echo ${committed}\n`),
    heard: (line) => {
      if (/\b(ERROR|FATAL):/.test(line) && !isNobodysLoss(line)) refused.push(tellRefusal(line));
      return refused.length === 0;
    },
  });
  const [first] = refused;
  if (first !== undefined) throw notLoaded(source, first);
  if (exitCode !== 0 && form === "sql") throw notLoaded(source, `psql ended with code ${exitCode}`);
  if (exitCode !== 0) throw notLoaded(source, tellRefusal(lines.at(-1) ?? ""));
  if (form === "sql" && !lines.includes(committed)) throw notLoaded(source, "its end was not reached");
  return await databaseWithData(running, source);
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

function isNobodysLoss(line: string): boolean {
  return /ERROR:\s+role ".*" (does not exist|already exists)$/.test(line);
}

/** What was dumped with `--create`, or as a whole cluster, is in a database of its own. */
async function databaseWithData(running: Running, source: string): Promise<string> {
  const query = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'";
  const command = ["psql", "--no-psqlrc", "-Atq", ...account, "-c", query];
  const { exitCode, lines } = await running.execute({ command });
  if (exitCode !== 0) throw notLoaded(source, tellRefusal(lines.at(-1) ?? ""));
  return oneOf(
    lines.filter((line) => line !== ""),
    source,
    "postgres",
  );
}
