import { expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { createVolumeStore } from "../../src/store/volumes.ts";

test("what a volume has seen is known by its path, whatever a branch calls it; what came first counts", () => {
  using database = openDatabase(":memory:");
  const volumes = createVolumeStore(database);
  volumes.complete("7-42", "pgdata", { seed: null, branch: null }, 1);
  const migrations = Object.fromEntries([
    ["db/1.sql", "a"],
    ["__proto__", "b"],
  ]);
  volumes.saw("7-42", "pgdata", migrations);
  volumes.saw("7-42", "pgdata", { "db/1.sql": "edited" });
  expect(Object.entries(volumes.factsOf("7-42")["pgdata"]?.seen ?? {})).toEqual(
    expect.arrayContaining([
      ["db/1.sql", "a"],
      ["__proto__", "b"],
    ]),
  );
});
