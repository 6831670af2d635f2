import type { Database } from "./database.ts";

/** Which volumes hold whole data: the engine cannot tell a half-seeded one from a seeded one. */
export function createVolumeStore(database: Database) {
  return {
    wholeOf: (preview: string): Set<string> =>
      new Set(
        database.all("select name from whole_volumes where preview = ?", preview).map((row) => row["name"] as string),
      ),

    complete: (preview: string, name: string, now: number): number =>
      database.run(
        "insert into whole_volumes (name, preview, completed_at) values (?, ?, ?) on conflict do nothing",
        name,
        preview,
        now,
      ),

    forgetAll: (preview: string): number => database.run("delete from whole_volumes where preview = ?", preview),
  };
}
