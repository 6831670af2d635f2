import type { EditionUse, RebuildFailure, SnapshotOrigin, SnapshotRow } from "../domain/snapshot.ts";
import type { Snapshot } from "../domain/stack.ts";
import type { Database } from "./database.ts";

/** What is kept with a snapshot that was built just now. */
type About = Pick<SnapshotRow, "origin" | "editions" | "tookMs">;

/** Which volumes are snapshots: a row is written when one is whole, and not before. */
export function createSnapshotStore(database: Database) {
  return {
    /** The one that new previews of this key get, used just now. */
    use(key: string, now: number): Snapshot | null {
      database.run("update snapshots set used_at = ? where key = ? and replaced_at is null", now, key);
      const row = database.get("select * from snapshots where key = ? and replaced_at is null", key);
      if (row === undefined) return null;
      const { volume, seed, root } = parse(row);
      return { key, volume, seed, root };
    },

    /** From now on the one of its key; who reads the one before goes on with that. */
    publish: (snapshot: Snapshot, { origin, editions, tookMs }: About, now: number): void =>
      database.transaction(() => {
        const { key, volume, seed, root } = snapshot;
        // Built anew, it is as unused as it was.
        const before = database.get("select used_at from snapshots where key = ? and replaced_at is null", key);
        database.run("update snapshots set replaced_at = ? where key = ? and replaced_at is null", now, key);
        database.run(
          `insert into snapshots (volume, key, seed, root, origin, editions, built_at, took_ms, used_at)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          volume,
          key,
          seed,
          JSON.stringify(root),
          JSON.stringify(origin),
          JSON.stringify(editions),
          now,
          tookMs,
          (before?.["used_at"] as number | undefined) ?? now,
        );
      }),

    /** It could not be built anew, and stays. */
    fail: (volume: string, failure: Omit<RebuildFailure, "at">, now: number): number =>
      database.run(
        "update snapshots set failure = ? where volume = ?",
        JSON.stringify({ ...failure, at: now }),
        volume,
      ),

    forget: (volume: string): number => database.run("delete from snapshots where volume = ?", volume),

    /** Most recently used first. */
    all: (): SnapshotRow[] => database.all("select * from snapshots order by used_at desc, volume").map(parse),
  };
}

function parse(row: Record<string, unknown>): SnapshotRow {
  return {
    key: row["key"] as string,
    volume: row["volume"] as string,
    seed: row["seed"] as string,
    root: JSON.parse(row["root"] as string) as Snapshot["root"],
    origin: JSON.parse(row["origin"] as string) as SnapshotOrigin,
    editions: JSON.parse(row["editions"] as string) as EditionUse[],
    builtAt: row["built_at"] as number,
    tookMs: row["took_ms"] as number,
    usedAt: row["used_at"] as number,
    replacedAt: row["replaced_at"] as number | null,
    failure: row["failure"] === null ? null : (JSON.parse(row["failure"] as string) as SnapshotRow["failure"]),
  };
}
