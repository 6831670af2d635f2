import type { Database } from "./database.ts";

/** What was last told to the forge, by preview: ids to edit and hashes to skip what is unchanged. */
export function createPublishedStore<T>(database: Database) {
  return {
    get(preview: string): T | null {
      const value = database.get("select value from published where preview = ?", preview)?.["value"];
      return typeof value === "string" ? (JSON.parse(value) as T) : null;
    },
    set: (preview: string, value: T): void => {
      database.run(
        "insert into published (preview, value) values (?, ?) on conflict do update set value = excluded.value",
        preview,
        JSON.stringify(value),
      );
    },
  };
}
