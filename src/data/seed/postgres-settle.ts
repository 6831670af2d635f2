import type { Running } from "./tool.ts";

/** The file that the log is written to, and those behind it: used before and renamed, or made ahead, they hold nothing. */
const logFiles = `SELECT name > pg_walfile_name(pg_current_wal_insert_lsn()),
  current_setting('data_directory') || '/pg_wal/' || name FROM pg_ls_waldir()`;
const ofLog = /^([tf])\|(\/[^']*\/pg_wal\/[0-9A-F]{24})$/;

/**
 * Leaves a server that was just loaded nothing to do by itself, and no more log than it needs. A branch holds a copy of
 * each file that is opened for writing: autovacuum, which sets to work on a loaded table within a minute of a start, would
 * make each preview copy the whole database, and each start copies the file of the log that is written, of 16 MB unless
 * it is made of holes. A large load leaves up to `max_wal_size` (1 GB) of log. What fails here costs room, not data.
 */
export async function settlePostgres(
  { execute }: Pick<Running, "execute">,
  { account, env }: { account: string[]; env: string[] },
): Promise<void> {
  const ask = async (sql: string) => {
    const options = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", ...account];
    return (await execute({ command: ["psql", ...options, `--command=${sql}`], env })).lines;
  };
  const user = account.filter((option) => option.startsWith("--username="));
  await execute({ command: ["vacuumdb", "--all", "--freeze", "--analyze", "--quiet", ...user], env });
  await trimLog(ask, execute);
  // What was renamed is full of old log; the next file is made anew, of zeros.
  await ask("SELECT pg_switch_wal()");
  const written = await trimLog(ask, execute);
  for (const path of written) await execute({ command: ["fallocate", "--dig-holes", path] });
}

/** Removes the files of the log that hold nothing; answers the others. */
async function trimLog(ask: (sql: string) => Promise<string[]>, execute: Running["execute"]): Promise<string[]> {
  // What is older than a checkpoint is not needed any more.
  await ask("CHECKPOINT");
  const files = (await ask(logFiles)).map((line) => ofLog.exec(line)?.slice(1) ?? []);
  const pathsOf = (isSpare: string) => files.flatMap(([spare, path]) => (spare === isSpare && path ? [path] : []));
  const spare = pathsOf("t");
  if (spare.length > 0) await execute({ command: ["rm", "-f", ...spare] });
  return pathsOf("f");
}
