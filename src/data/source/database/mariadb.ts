import { EngineError } from "../../../domain/errors.ts";
import { mariadbCatalogQuery, mariadbDumpOptions, readMariadbCatalog } from "../../mask/mariadb/catalog.ts";
import { mariadb, mariadbCommand } from "../../seed/mariadb.ts";
import type { Running } from "../../seed/tool.ts";
import type { Dump } from "../recognize.ts";
import { tellRefusal } from "../refusal.ts";
import { type MaskingDatabase, notLoaded, oneOf } from "./database.ts";

/** Where a dump goes that names no database. */
const own = "mayfly";
const files = "/var/lib/mysql";

/**
 * Nothing is forced to disk, no statement is written to a log or passed on, no event of the dump runs. MySQL's own
 * settings are `loose`: MariaDB passes over them.
 */
const settings = [
  "--skip-log-bin",
  "--general-log=0",
  "--slow-query-log=0",
  "--innodb-flush-log-at-trx-commit=0",
  "--innodb-doublewrite=OFF",
  "--performance-schema=OFF",
  "--event-scheduler=OFF",
  "--log-bin-trust-function-creators=1",
  "--max-allowed-packet=1G",
  "--bind-address=127.0.0.1",
  "--loose-mysqlx=OFF",
  `--datadir=${files}`,
];

const quiet = ["--batch", "--raw", "--skip-column-names", "--default-character-set=utf8mb4"];

/** MariaDB, MySQL and their like: whatever starts the server by its own name, as the official images do. */
export const maskingMariadb: MaskingDatabase = {
  kind: "mariadb",
  tool: mariadb,
  isIn: ({ Cmd }) => /^(mariadbd|mysqld)$/.test(Cmd?.[0] ?? ""),
  start: ({ Cmd }, { password, memoryBytes }) => ({
    // Either image reads the older names.
    env: [`MYSQL_ROOT_PASSWORD=${password}`, `MYSQL_DATABASE=${own}`],
    command: [Cmd?.[0] ?? "mariadbd", ...settings, `--innodb-buffer-pool-size=${Math.floor(memoryBytes / 4)}`],
    folder: files,
  }),
  loadRaw,
  catalog: (database) => ask([`--database=${database}`, `--execute=${mariadbCatalogQuery}`]),
  readCatalog: readMariadbCatalog,
  dump: (database) => mariadbCommand("mariadb-dump", [...mariadbDumpOptions, database]),
};

function ask(options: readonly string[]): string[] {
  return mariadbCommand("mariadb", [...quiet, ...options]);
}

async function loadRaw(running: Running, { form, content }: Dump, source: string): Promise<string> {
  if (form === "dump") throw notLoaded(source, "it is a dump of Postgres, and its image is MariaDB or MySQL");
  try {
    await mariadb.load(running, { name: "it", head: Buffer.alloc(0), content });
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== "seed-failed") throw error;
    const line = error.logTail.findLast((each) => /^ERROR\b/.test(each));
    throw notLoaded(source, line === undefined ? "its end was not reached" : tellRefusal(line));
  }
  const database = await databaseWithData(running, source);
  await createDefiners(running, { database, source });
  return database;
}

/** What was dumped with `--databases`, or as a whole server, is in a database of its own. */
async function databaseWithData(running: Running, source: string): Promise<string> {
  const query = `SELECT s.SCHEMA_NAME FROM information_schema.SCHEMATA s
WHERE s.SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')
  AND (s.SCHEMA_NAME <> '${own}' OR EXISTS (SELECT 1 FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = '${own}'))`;
  const { exitCode, lines } = await running.execute({ command: ask([`--execute=${query}`]) });
  if (exitCode !== 0) throw notLoaded(source, tellRefusal(lines.at(-1) ?? ""));
  return oneOf(
    lines.filter((line) => line !== ""),
    source,
    own,
  );
}

/**
 * A view whose definer is not there is dumped with the name of the database that it was in, and cannot be loaded into
 * another (mariadb-dump 11.8), so those whom the dump names are there while it is dumped. They are left out of what is
 * masked.
 */
async function createDefiners(running: Running, of: { database: string; source: string }): Promise<void> {
  const place = (table: string, schema: string) =>
    `SELECT DEFINER AS d FROM information_schema.${table} WHERE ${schema} = DATABASE()`;
  const all = [
    place("VIEWS", "TABLE_SCHEMA"),
    place("ROUTINES", "ROUTINE_SCHEMA"),
    place("TRIGGERS", "TRIGGER_SCHEMA"),
    place("EVENTS", "EVENT_SCHEMA"),
  ].join(" UNION ");
  const host = "SUBSTRING_INDEX(d, '@', -1)";
  const user = `CONCAT(QUOTE(LEFT(d, CHAR_LENGTH(d) - CHAR_LENGTH(${host}) - 1)), '@', QUOTE(${host}))`;
  const query = `SELECT CONCAT('CREATE USER IF NOT EXISTS ', ${user}, '; GRANT ALL ON *.* TO ', ${user}, ';')
FROM (${all}) AS definers WHERE d LIKE '%@_%'`;
  const { exitCode, lines } = await running.execute({
    command: ask([`--database=${of.database}`, `--execute=${query}`]),
  });
  if (exitCode !== 0) throw notLoaded(of.source, tellRefusal(lines.at(-1) ?? ""));
  if (lines.every((line) => line === "")) return;
  const made = await running.execute({ command: ask([]), input: one(`${lines.join("\n")}\n`) });
  if (made.exitCode !== 0) throw notLoaded(of.source, tellRefusal(made.lines.at(-1) ?? ""));
}

async function* one(text: string): AsyncGenerator<string> {
  yield text;
}
