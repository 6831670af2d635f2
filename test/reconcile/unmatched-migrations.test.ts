import { expect, test } from "vitest";
import { unmatchedMigrations } from "../../src/reconcile/unmatched-migrations.ts";

const place = { file: "preview/.mayfly.yaml", line: 7, column: 5 };
const told = (patterns: string[], paths: string[]) => {
  const rules = { service: "db", migrations: patterns, place, changed: "wait" as const };
  const migrations = Object.fromEntries(paths.map((path) => [path, "blob"]));
  return unmatchedMigrations({ volumes: [{ name: "pgdata", rules, migrations }] });
};

test.each<[string, string[], string[], string[]]>([
  ["a file", ["db/schema.rb"], ["db/schema.rb"], []],
  ["files of a folder", ["db/migrations/*"], ["db/migrations/1.sql"], []],
  ["a folder", ["db/migrations/"], ["db/migrations/1/up.sql"], []],
  ["a folder, from the root", ["./db/migrations"], ["db/migrations/1.sql"], []],
  ["all below a folder", ["db/**"], ["db/migrations/1/up.sql"], []],
  ["a folder that is not there", ["db/migration/*"], [], ["db/migration/*"]],
  ["one of two", ["a/*.sql", "b/*.sql"], ["a/1.sql"], ["b/*.sql"]],
])("a pattern of migrations that no file is like is told: %s", (_what, patterns, paths, unmatched) => {
  expect(told(patterns, paths).map(({ message }) => message)).toEqual(
    unmatched.map((pattern) => expect.stringContaining(`no file of this commit is like ${pattern}`)),
  );
});

test("it is told at its place in the manifest, as a note", () => {
  expect(told(["db/*.sq"], [])).toMatchObject([{ ...place, action: "note" }]);
});
