import type { Database } from "../../domain/database.ts";
import type { SourceReader } from "../repository-path.ts";

/** Where people keep what a database starts with; a folder of migrations is another thing. */
const folders = [
  ".",
  "db",
  "database",
  "sql",
  "seed",
  "seeds",
  "db/seeds",
  "db/init",
  "data",
  "redis",
  "docker/db",
  "docker/postgres",
  "docker/mysql",
  "docker/mariadb",
  "docker/redis",
];
/** Tables first, rows last; what says neither is between. */
const tables = /schema|structure|table|create|init/i;
const rows = /seed|data|fixture|sample|dump/i;
const most = 20;

const files: Record<Database, RegExp> = {
  postgres: /^[\w. -]+\.(sql(\.gz)?|dump|pgdump)$/,
  mariadb: /^[\w. -]+\.sql(\.gz)?$/,
  redis: /^[\w. -]+\.rdb$/,
};

/** The files of a repository that look like what its database starts with, in an order that fits. */
export function findSeedFiles(reader: SourceReader, database: Database): string[] {
  const found = folders
    .filter((folder) => reader.kindOf(folder) === "directory")
    .flatMap((folder) => filesIn(reader, folder, files[database]))
    .filter((path) => !/migrat|down|drop|test/i.test(path));
  const rank = (path: string) => (tables.test(path) ? 0 : rows.test(path) ? 2 : 1);
  return found.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).slice(0, database === "redis" ? 1 : most);
}

function filesIn(reader: SourceReader, folder: string, pattern: RegExp): string[] {
  return reader
    .list(folder)
    .filter((name) => pattern.test(name))
    .map((name) => (folder === "." ? name : `${folder}/${name}`))
    .filter((path) => reader.kindOf(path) === "file");
}

/** Scripts of a package that make tables, and that fill them, by the names people give them; one of each. */
const steps = [
  ["db:migrate", "migrate", "prisma:migrate", "migrate:deploy"],
  ["db:seed", "seed", "prisma:seed"],
];

/** The command by which an application fills its database itself, as its `package.json` shows; null where it shows none. */
export function findSeedCommand(reader: SourceReader): string | null {
  const text = reader.kindOf("package.json") === "file" ? reader.readText("package.json") : null;
  const scripts = scriptsIn(text ?? "{}");
  const found = steps.flatMap((names) => names.find((name) => scripts.includes(name)) ?? []);
  return found.length === 0 ? null : found.map((name) => `npm run ${name}`).join(" && ");
}

function scriptsIn(text: string): string[] {
  try {
    const { scripts } = JSON.parse(text) as { scripts?: unknown };
    return typeof scripts === "object" && scripts !== null ? Object.keys(scripts) : [];
  } catch {
    // What cannot be read shows nothing, and is its author's.
    return [];
  }
}
