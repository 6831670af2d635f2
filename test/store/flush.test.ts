import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { createFlush } from "../../src/store/flush.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-flush-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("however many ask at once, the flush under way and one more serve them", async () => {
  const path = join(folder, "log");
  writeFileSync(path, "x");
  const flush = createFlush(path);
  const first = flush.done();
  const later = [flush.done(), flush.done(), flush.done()];
  expect(new Set([first, ...later]).size).toBe(2);
  await Promise.all(later);
  expect(flush.done()).not.toBe(later[0]);
  expect(flush.check).not.toThrow();
});

test("a log that its last connection brought into the database is on the disk", async () => {
  const flush = createFlush(join(folder, "gone"));
  await flush.done();
  expect(flush.check).not.toThrow();
});

test("what the disk refuses is told to whoever waits for it, and nothing is written after it", async () => {
  writeFileSync(join(folder, "file"), "");
  const refused = createFlush(join(folder, "file", "log"));
  refused.soon();
  await expect(refused.done()).rejects.toMatchObject({ code: "ENOTDIR" });
  expect(refused.check).toThrow("ENOTDIR");
});

test("a commit does not wait for the disk, and what is acknowledged does", async () => {
  using database = openDatabase(join(folder, "mayfly.db"));
  const write = (name: string) =>
    database.run("insert into whole_volumes (name, preview, completed_at) values (?, 'p', 1)", name);
  const count = () => Number(database.get("select count(*) as n from whole_volumes")?.["n"]);
  const acknowledged = database.commitSoon(() => write("first"));
  write("second");
  expect(count()).toBe(1);
  await acknowledged;
  expect(count()).toBe(2);
  await database.flushed();
});
