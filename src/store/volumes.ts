import type { VolumeBranch } from "../domain/stack-state.ts";
import type { Database } from "./database.ts";

/** Which volumes hold whole data: the engine cannot tell a half-seeded one from a seeded one. */
export function createVolumeStore(database: Database) {
  return {
    wholeOf: (preview: string): Set<string> =>
      new Set(
        database.all("select name from whole_volumes where preview = ?", preview).map((row) => row["name"] as string),
      ),

    complete: (preview: string, name: string, branch: VolumeBranch | null, now: number): number =>
      database.run(
        `insert into whole_volumes (name, preview, completed_at, seed, took_ms) values (?, ?, ?, ?, ?)
         on conflict do nothing`,
        name,
        preview,
        now,
        branch?.seed ?? null,
        branch?.tookMs ?? null,
      ),

    /** The data branches of a preview, by their volumes' names. */
    branchesOf: (preview: string): Record<string, VolumeBranch> =>
      Object.fromEntries(
        database
          .all("select name, seed, took_ms from whole_volumes where preview = ? and seed is not null", preview)
          .map((row) => [row["name"], { seed: row["seed"] as string, tookMs: row["took_ms"] as number }]),
      ),

    forgetAll: (preview: string): number => database.run("delete from whole_volumes where preview = ?", preview),
  };
}
