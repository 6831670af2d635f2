import type { Edition, EditionFacts, EditionWish, SourceRead } from "../domain/source.ts";
import type { Database } from "./database.ts";

/** Which volumes hold what sources gave, whole and masked: a row is written when one may be seen, and not before. */
export function createEditionStore(database: Database) {
  return {
    /** The one that is loaded from now on. */
    publish: (edition: Omit<Edition, "builtAt" | "usedAt" | "replacedAt">, now: number): void =>
      database.transaction(() => {
        const { key, source, image, rules, volume, facts, cause, tookMs } = edition;
        // Who reads it anew does not use it.
        const before = database.get("select used_at from editions where key = ? and replaced_at is null", key);
        database.run("update editions set replaced_at = ? where key = ? and replaced_at is null", now, key);
        database.run(
          `insert into editions (volume, key, source, wish, facts, cause, built_at, took_ms, used_at)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          volume,
          key,
          source,
          JSON.stringify({ key, source, image, rules } satisfies EditionWish),
          JSON.stringify(facts),
          cause,
          now,
          tookMs,
          (before?.["used_at"] as number | undefined) ?? now,
        );
        readAt(source, { at: now, failure: null });
      }),

    /** Something is loaded from it. */
    use: (volume: string, now: number): number =>
      database.run("update editions set used_at = ? where volume = ?", now, volume),

    forget: (volume: string): number => database.run("delete from editions where volume = ?", volume),

    /** Newest first. */
    all: (): Edition[] => database.all("select * from editions order by built_at desc, volume").map(parse),

    /** A source could not be read; what it gave before stays. */
    fail: (source: string, failure: SourceRead["failure"], now: number): void => readAt(source, { at: now, failure }),

    /** From when on a schedule counts, where a source was never read: keeps what is there. */
    see: (source: string, now: number): number =>
      database.run("insert into source_reads (source, tried_at) values (?, ?) on conflict do nothing", source, now),

    readOf(source: string): SourceRead | null {
      const row = database.get("select * from source_reads where source = ?", source);
      if (row === undefined) return null;
      const { tried_at: triedAt, done_at: doneAt, failure } = row;
      return {
        triedAt: triedAt as number,
        doneAt: doneAt as number | null,
        failure: failure === null ? null : (JSON.parse(failure as string) as SourceRead["failure"]),
      };
    },
  };

  function readAt(source: string, { at, failure }: { at: number; failure: SourceRead["failure"] }): void {
    database.run(
      `insert into source_reads (source, tried_at, done_at, failure) values (?, ?, ?, ?)
       on conflict (source) do update set tried_at = excluded.tried_at,
         done_at = coalesce(excluded.done_at, done_at), failure = excluded.failure`,
      source,
      at,
      failure === null ? at : null,
      failure === null ? null : JSON.stringify(failure),
    );
  }
}

function parse(row: Record<string, unknown>): Edition {
  return {
    ...(JSON.parse(row["wish"] as string) as EditionWish),
    volume: row["volume"] as string,
    facts: JSON.parse(row["facts"] as string) as EditionFacts,
    cause: row["cause"] as string,
    builtAt: row["built_at"] as number,
    tookMs: row["took_ms"] as number,
    usedAt: row["used_at"] as number,
    replacedAt: row["replaced_at"] as number | null,
  };
}
