import type { SourceReader } from "../repository-path.ts";

/** Where people keep the SQL that a database starts with; a folder of migrations is another thing. */
const folders = [".", "db", "database", "sql", "seed", "seeds", "db/seeds", "db/init", "docker/db", "docker/postgres"];
/** Tables first, rows last; what says neither is between. */
const tables = /schema|structure|table|create|init/i;
const rows = /seed|data|fixture|sample|dump/i;
const most = 20;

/** The SQL files of a repository that look like what its database starts with, in an order that fits. */
export function findSeedFiles(reader: SourceReader): string[] {
  const found = folders
    .filter((folder) => reader.kindOf(folder) === "directory")
    .flatMap((folder) => sqlIn(reader, folder))
    .filter((path) => !/migrat|down|drop|test/i.test(path));
  const rank = (path: string) => (tables.test(path) ? 0 : rows.test(path) ? 2 : 1);
  return found.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).slice(0, most);
}

function sqlIn(reader: SourceReader, folder: string): string[] {
  return reader
    .list(folder)
    .filter((name) => /^[\w. -]+\.sql$/.test(name))
    .map((name) => (folder === "." ? name : `${folder}/${name}`))
    .filter((path) => reader.kindOf(path) === "file");
}
