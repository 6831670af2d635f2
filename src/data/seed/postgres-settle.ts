import type { Running } from "./tool.ts";

/** The files of the log after the next one: written ahead, or used before and renamed, and empty of meaning. */
const spareLog = `SELECT current_setting('data_directory') || '/pg_wal/' || name FROM pg_ls_waldir()
  WHERE name > pg_walfile_name(pg_current_wal_insert_lsn() + pg_size_bytes(current_setting('wal_segment_size')))`;
const ofLog = /^\/[^']*\/pg_wal\/[0-9A-F]{24}$/;

/**
 * Leaves a server that was just loaded nothing to do by itself, and no more log than it needs. A branch holds a copy of
 * each file that is written to: autovacuum, which sets to work on a loaded table within a minute of a start, would make each
 * preview copy the whole database. A large load leaves up to `max_wal_size` (1 GB) of log. What fails here costs
 * room, not data.
 */
export async function settlePostgres(
  { execute }: Pick<Running, "execute">,
  { account, env }: { account: string[]; env: string[] },
): Promise<void> {
  const psql = ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", ...account];
  const user = account.filter((option) => option.startsWith("--username="));
  await execute({ command: ["vacuumdb", "--all", "--freeze", "--analyze", "--quiet", ...user], env });
  // What is older than this moment is not needed any more, and is renamed into log to come.
  await execute({ command: [...psql, "--command=CHECKPOINT"], env });
  const { lines } = await execute({ command: [...psql, `--command=${spareLog}`], env });
  const files = lines.filter((line) => ofLog.test(line));
  if (files.length > 0) await execute({ command: ["rm", "-f", ...files] });
}
