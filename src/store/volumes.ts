import type { Migrations, RetiredVolume, VolumeFacts } from "../domain/data.ts";
import { retiredAtOnce, retiredMs } from "../domain/data.ts";
import type { Database } from "./database.ts";

/** What a volume's data came from, when it became whole. */
export type Origin = Pick<VolumeFacts, "seed" | "branch">;

/** Which volumes hold whole data, and what is known of it: the engine cannot tell a half-seeded one from a seeded one. */
export function createVolumeStore(database: Database) {
  const seenBy = (preview: string): Map<string, [path: string, blob: string][]> => {
    const seen = new Map<string, [path: string, blob: string][]>();
    for (const row of database.all("select name, path, blob from seen_migrations where preview = ?", preview)) {
      const name = row["name"] as string;
      const own = seen.get(name) ?? [];
      own.push([row["path"] as string, row["blob"] as string]);
      seen.set(name, own);
    }
    return seen;
  };

  const wrote = (name: string): number => database.run("update whole_volumes set written = 1 where name = ?", name);

  return {
    wrote,

    wholeOf: (preview: string): Set<string> =>
      new Set(
        database.all("select name from whole_volumes where preview = ?", preview).map((row) => row["name"] as string),
      ),

    complete: (preview: string, name: string, { seed, branch }: Origin, now: number): number =>
      database.run(
        `insert into whole_volumes (name, preview, completed_at, seed, strategy, took_ms) values (?, ?, ?, ?, ?, ?)
         on conflict do nothing`,
        name,
        preview,
        now,
        seed,
        branch?.strategy ?? null,
        branch?.tookMs ?? null,
      ),

    /** Of a preview's whole volumes, by their names on the engine. */
    factsOf(preview: string): Record<string, VolumeFacts> {
      const seen = seenBy(preview);
      const rows = database.all("select * from whole_volumes where preview = ?", preview);
      return Object.fromEntries(
        rows.map((row) => [row["name"], parse(row, Object.fromEntries(seen.get(row["name"] as string) ?? []))]),
      );
    },

    /** Code that brings these runs on it from now on; of a path, what came first counts. */
    saw: (preview: string, name: string, migrations: Migrations): void =>
      database.transaction(() => {
        for (const [path, blob] of Object.entries(migrations))
          database.run(
            "insert into seen_migrations (name, path, blob, preview) values (?, ?, ?, ?) on conflict do nothing",
            name,
            path,
            blob,
            preview,
          );
      }),

    /** What is written from now on is written by people; null where nobody knows how much there is. */
    mark: (name: string, count: string | null, now: number): number =>
      database.run("update whole_volumes set mark = ?, marked_at = ? where name = ?", count, now, name),

    /** What was replaced last comes first. */
    retiredOf: (preview: string): RetiredVolume[] =>
      database
        .all("select * from retired_volumes where preview = ? order by replaced_by desc, name", preview)
        .map(parseRetired),

    /** Keeps what was replaced for a while, and of each volume not more than so many; what serves again is kept for good. */
    retire(preview: string, retired: readonly Omit<RetiredVolume, "until">[], serving: readonly string[], now: number) {
      for (const name of serving) {
        // Somebody wanted it back: that counts as written to.
        if (database.run("delete from retired_volumes where name = ?", name) > 0) wrote(name);
      }
      for (const { name, volume, ...each } of retired) {
        database.run(
          `insert into retired_volumes (name, preview, volume, service, image, edition, cause, replaced_by, until)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
          name,
          preview,
          volume,
          each.service,
          each.image,
          each.edition,
          each.cause,
          each.replacedBy,
          now + retiredMs,
        );
        database.run(
          `delete from retired_volumes where preview = ? and volume = ? and name not in
             (select name from retired_volumes where preview = ? and volume = ? order by replaced_by desc limit ?)`,
          preview,
          volume,
          preview,
          volume,
          retiredAtOnce,
        );
      }
    },

    forgetRetired: (name: string): number => database.run("delete from retired_volumes where name = ?", name),

    /** Forgets what has been kept long enough; answers whose it was. */
    expireRetired: (now: number): string[] => [
      ...new Set(
        database
          .all("delete from retired_volumes where until <= ? returning preview", now)
          .map((row) => row["preview"] as string),
      ),
    ],

    forgetAll: (preview: string): void =>
      database.transaction(() => {
        for (const table of ["whole_volumes", "seen_migrations", "retired_volumes"])
          database.run(`delete from ${table} where preview = ?`, preview);
      }),
  };
}

function parse(row: Record<string, unknown>, seen: Migrations): VolumeFacts {
  const strategy = row["strategy"] as "overlay" | "copy" | null;
  const count = row["mark"] as string | null;
  return {
    seed: row["seed"] as string | null,
    branch: strategy === null ? null : { strategy, tookMs: row["took_ms"] as number },
    seen,
    mark: count === null ? null : { count, at: row["marked_at"] as number },
    written: row["written"] === 1,
  };
}

function parseRetired(row: Record<string, unknown>): RetiredVolume {
  return {
    name: row["name"] as string,
    volume: row["volume"] as string,
    service: row["service"] as string | null,
    image: row["image"] as string | null,
    edition: row["edition"] as string | null,
    cause: row["cause"] as string,
    replacedBy: row["replaced_by"] as number,
    until: row["until"] as number,
  };
}
