import { expect, test } from "vitest";
import { unmatchedMigrations } from "../../src/reconcile/unmatched-migrations.ts";
import { createWorld } from "../source/world.ts";

const place = { file: "preview/.mayfly.yaml", line: 7, column: 5 };

/** What is told of a commit of these files, as git finds them. */
async function told(patterns: string[], paths: string[]) {
  await using world = await createWorld(Object.fromEntries(paths.map((path) => [path, "select 1;\n"])));
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  await using checkout = await world.source().checkout(world.pull, commit);
  const rules = { service: "db", migrations: patterns, place, changed: "wait" as const };
  const volume = { name: "pgdata", rules, migrations: await checkout.blobs(patterns) };
  return await unmatchedMigrations({ volumes: [volume] }, checkout);
}

test.each<[string, string[], string[], string[]]>([
  ["a file", ["db/schema.rb"], ["db/schema.rb"], []],
  ["files of a folder", ["db/migrations/*"], ["db/migrations/1.sql"], []],
  ["a folder", ["db/migrations/"], ["db/migrations/1/up.sql"], []],
  ["a folder, from the root", ["./db/migrations"], ["db/migrations/1.sql"], []],
  ["all below a folder", ["db/**"], ["db/migrations/1/up.sql"], []],
  ["a folder that is not there", ["db/migration/*"], ["db/migrations/1.sql"], ["db/migration/*"]],
  ["one of two", ["a/*.sql", "b/*.sql"], ["a/1.sql"], ["b/*.sql"]],
  ["braces, which git does not know", ["{a,b}".repeat(40)], ["a/1.sql"], ["{a,b}".repeat(40)]],
  ["wildcards that fit in many ways", ["*a*a*a*b"], ["a".repeat(200)], ["*a*a*a*b"]],
])("a pattern of migrations that no file is like is told: %s", async (_what, patterns, paths, unmatched) => {
  expect((await told(patterns, paths)).map(({ message }) => message)).toEqual(
    unmatched.map((pattern) => expect.stringContaining(`no file of this commit is like ${pattern}`)),
  );
});

test("it is told at its place in the manifest, as a note", async () => {
  expect(await told(["db/*.sq"], [])).toMatchObject([{ ...place, action: "note" }]);
});
