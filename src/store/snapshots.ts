import type { Snapshot, Trust } from "../domain/stack.ts";
import type { Database } from "./database.ts";

/** Where a snapshot comes from, for people. */
type About = { repositoryId: number; trust: Trust; service: string; files: readonly string[] };

/** Which volumes are snapshots: a row is written when one is whole, and not before. */
export function createSnapshotStore(database: Database) {
  return {
    use(key: string, now: number): Snapshot | null {
      database.run("update snapshots set used_at = ? where key = ?", now, key);
      const row = database.get("select * from snapshots where key = ?", key);
      if (row === undefined) return null;
      return {
        key,
        volume: row["volume"] as string,
        seed: row["seed"] as string,
        root: JSON.parse(row["root"] as string) as Snapshot["root"],
      };
    },

    publish(snapshot: Snapshot, about: About, now: number): void {
      database.run(
        `insert into snapshots (key, volume, seed, root, repository_id, trust, service, files, built_at, used_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (key) do update set volume = excluded.volume, root = excluded.root,
           built_at = excluded.built_at, used_at = excluded.used_at`,
        snapshot.key,
        snapshot.volume,
        snapshot.seed,
        JSON.stringify(snapshot.root),
        about.repositoryId,
        about.trust,
        about.service,
        JSON.stringify(about.files),
        now,
        now,
      );
    },

    forget: (volume: string): number => database.run("delete from snapshots where volume = ?", volume),

    all: (): { volume: string; usedAt: number }[] =>
      database
        .all("select volume, used_at from snapshots order by used_at desc, volume")
        .map((row) => ({ volume: row["volume"] as string, usedAt: row["used_at"] as number })),
  };
}
