import { sourceFailed } from "./read-source.ts";

/** The lines by which a tool begins and ends what it dumps; it may stand in one stream with others of its family. */
type Marks = { tool: string; begins: string; ends: string };

/** PostgreSQL: pg_backup_archiver.c, pg_dumpall.c; MariaDB and MySQL: client/mysqldump.cc (unless `--skip-comments`). */
const families: readonly (readonly Marks[])[] = [
  [
    { tool: "pg_dump", begins: "-- PostgreSQL database dump\n", ends: "-- PostgreSQL database dump complete" },
    {
      tool: "pg_dumpall",
      begins: "-- PostgreSQL database cluster dump\n",
      ends: "-- PostgreSQL database cluster dump complete",
    },
  ],
  [
    { tool: "mariadb-dump", begins: "-- MariaDB dump ", ends: "-- Dump completed" },
    { tool: "mysqldump", begins: "-- MySQL dump ", ends: "-- Dump completed" },
  ],
];
const longest = 64;

/**
 * The SQL as it comes; what says at its beginning which tool made it is to have that tool's last line, for a connection
 * may be lost, or the first program of a pipe fail, and the exit code be 0 all the same. What is added after it is
 * nobody's loss. Throws EngineError `source-failed` at the end of one that is cut off.
 */
export async function* wholeDump(name: string, head: Buffer, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const start = `\n${head.toString("latin1")}`;
  const family = families.find((marks) => marks.some(({ begins }) => start.includes(`\n${begins}`)));
  if (family === undefined) return yield* content;
  const last = new Map<string, number>();
  let held: Buffer = Buffer.from("\n");
  let offset = -held.length;
  for await (const chunk of content) {
    yield chunk;
    const bytes = Buffer.concat([held, chunk]);
    for (const line of family.flatMap(({ begins, ends }) => [begins, ends])) {
      const at = bytes.lastIndexOf(`\n${line}`);
      if (at >= 0) last.set(line, offset + at);
    }
    held = Buffer.from(bytes.subarray(-longest));
    offset += bytes.length - held.length;
  }
  const cut = family.find(({ begins, ends }) => (last.get(begins) ?? -Infinity) > (last.get(ends) ?? -Infinity));
  if (cut === undefined) return;
  throw sourceFailed(name, `it is cut off: the last line of ${cut.tool}, "${cut.ends}", is missing`);
}
