import { describe, expect, test } from "vitest";
import type { DataChoice } from "../../src/domain/data.ts";
import { chooseData, type DataQuestion } from "../../src/plan/data-choice.ts";

const same: DataQuestion = {
  reset: false,
  restore: null,
  changed: "wait",
  image: { was: "postgres:17", is: "postgres:17" },
  seed: { was: "s1", is: "s1" },
  migrations: { "db/1.sql": "a", "db/2.sql": "b" },
  seen: { "db/1.sql": "a", "db/2.sql": "b" },
  written: "no",
};
const edited: Partial<DataQuestion> = { migrations: { "db/1.sql": "a", "db/2.sql": "c" } };
const newer: Partial<DataQuestion> = { migrations: { ...same.migrations, "db/3.sql": "x" } };
const retired = {
  name: "shop_pgdata_0001",
  volume: "pgdata",
  service: "db",
  image: "postgres:17",
  edition: "e",
  cause: "/reset",
  replacedBy: 3,
  until: 9,
};

describe("the data of a deployment", () => {
  test.each<[string, Partial<DataQuestion>, DataChoice]>([
    ["nothing changed", {}, { kind: "keep", added: [] }],
    ["nothing changed and people wrote", { written: "yes" }, { kind: "keep", added: [] }],
    ["a new migration runs on it", newer, { kind: "keep", added: ["db/3.sql"] }],
    ["a new migration, whatever was written", { ...newer, written: "yes" }, { kind: "keep", added: ["db/3.sql"] }],
    ["an edited migration", edited, { kind: "re-branch", cause: "`db/2.sql` was edited" }],
    [
      "a migration that is gone",
      { migrations: { "db/1.sql": "a" } },
      { kind: "re-branch", cause: "`db/2.sql` is gone" },
    ],
    [
      "several of both",
      { migrations: { "db/1.sql": "z" }, seen: { ...same.seen, "db/0.sql": "o", "db/3.sql": "p" } },
      { kind: "re-branch", cause: "`db/1.sql` was edited, and `db/0.sql`, `db/2.sql` and 1 more are gone" },
    ],
    ["another seed", { seed: { was: "s1", is: "s2" } }, { kind: "re-branch", cause: "its seed is another" }],
    ["a seed where there was none", { seed: { was: null, is: "s2" } }, { kind: "keep", added: [] }],
    ["migrations that nobody speaks of any more", { seen: {}, migrations: {} }, { kind: "keep", added: [] }],
    [
      "an edited migration, and people wrote",
      { ...edited, written: "yes" },
      { kind: "wait", cause: "`db/2.sql` was edited", why: "data was written since", added: [] },
    ],
    [
      "an edited migration, and nobody knows whether people wrote",
      { ...edited, written: "unknown" },
      {
        kind: "wait",
        cause: "`db/2.sql` was edited",
        why: "it is not known whether data was written since",
        added: [],
      },
    ],
    [
      "an edited migration of data that is disposable by the manifest",
      { ...edited, written: "yes", changed: "reset" },
      { kind: "re-branch", cause: "`db/2.sql` was edited" },
    ],
    [
      "an edited migration of data that stays by the manifest",
      { ...edited, changed: "keep" },
      { kind: "wait", cause: "`db/2.sql` was edited", why: "the manifest says `changed: keep`", added: [] },
    ],
    ["/reset", { reset: true, written: "yes" }, { kind: "re-branch", cause: "`/reset`" }],
    [
      "another image, whatever was written",
      { image: { was: "postgres:15", is: "postgres:17" }, written: "yes" },
      { kind: "re-branch", cause: "it runs postgres:17, and ran postgres:15 before" },
    ],
    [
      "/restore, whatever changed",
      { restore: retired, ...edited, reset: true },
      { kind: "restore", name: "shop_pgdata_0001" },
    ],
  ])("%s", (_what, question, choice) => {
    expect(chooseData({ ...same, ...question })).toEqual(choice);
  });
});
