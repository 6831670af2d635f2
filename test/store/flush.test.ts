import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { createFlush, type Disk } from "../../src/store/flush.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-flush-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A disk that counts, and does what it is told to at each call. */
function counting(told: { open?: (() => Promise<number>)[]; sync?: (() => Promise<void>)[] } = {}) {
  const calls = { open: 0, sync: 0 };
  const disk: Disk = {
    open: async () => (calls.open++, await (told.open?.shift()?.() ?? 7)),
    sync: async () => (calls.sync++, await told.sync?.shift()?.()),
  };
  return { calls, disk };
}

test("what is written while a flush is under way is served by one more, whoever asks", async () => {
  const { calls, disk } = counting();
  const flush = createFlush("log", disk);
  for (let write = 0; write < 5; write++) flush.soon();
  await Promise.all([flush.done(), flush.done()]);
  expect(calls).toEqual({ open: 1, sync: 2 });
});

test("whoever asks after a write waits for its flush, and for none of their own", async () => {
  const { calls, disk } = counting();
  const flush = createFlush("log", disk);
  await flush.done();
  expect(calls.sync).toBe(0);
  flush.soon();
  await flush.done();
  await flush.done();
  expect(calls.sync).toBe(1);
});

test("a log that its last connection brought into the database is on the disk", async () => {
  const flush = createFlush(join(folder, "gone"));
  flush.soon();
  await flush.done();
  expect(flush.check).not.toThrow();
});

test("a log that cannot be opened for a moment is flushed by whoever asks next", async () => {
  const tooMany = Object.assign(new Error("EMFILE"), { code: "EMFILE" });
  const { calls, disk } = counting({ open: [() => Promise.reject(tooMany)] });
  const flush = createFlush("log", disk);
  flush.soon();
  await expect(flush.done()).rejects.toThrow("EMFILE");
  expect(flush.check).not.toThrow();
  expect(flush.refusal()).toBeNull();
  await flush.done();
  expect(calls).toEqual({ open: 2, sync: 1 });
});

test("what the disk refuses is told to whoever waits for it, and nothing is written after it", async () => {
  const { disk } = counting({ sync: [() => Promise.reject(new Error("EIO"))] });
  const flush = createFlush("log", disk);
  flush.soon();
  await expect(flush.done()).rejects.toThrow("EIO");
  expect(flush.check).toThrow("EIO");
  expect(flush.refusal()).toBe("EIO");
});

test("the log's descriptor goes with the database, also when a flush is under way", async () => {
  const path = join(folder, "log");
  writeFileSync(path, "x");
  using flush = createFlush(path);
  flush.soon();
  flush[Symbol.dispose]();
  flush.soon();
  await flush.done();
  expect(flush.check).not.toThrow();
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
