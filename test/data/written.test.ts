import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { countOf, isSameCount } from "../../src/data/branch/count.ts";
import { execute } from "../../src/engine/exec.ts";
import { branchParts } from "../../src/domain/naming.ts";
import type { ServiceSpec } from "../../src/domain/service.ts";
import type { Snapshot } from "../../src/domain/stack.ts";
import { eventually } from "../support/eventually.ts";
import { service } from "../support/stack.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
let snapshot: Snapshot;
beforeAll(async () => {
  world = await createWorld();
  snapshot = await world.snapshot("cafe0001", "CREATE TABLE guest (name text);\nINSERT INTO guest SELECT 'g';");
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const observed = (name: string) => ({ name, volume: "pgdata", dataKey: "k", createdAt: 0, snapshot: snapshot.volume });
const count = async (container: string, of: ServiceSpec, volume: string) => {
  const told = await countOf(world.host, { service: of, container, volume: observed(volume) });
  if (told === null) throw new Error("it does not tell");
  return told;
};

describe("whether somebody wrote to", () => {
  test("a Postgres is told at once, over a clean restart, and over a crash", async () => {
    const volume = await world.branch(snapshot, "7-61", "overlay");
    const database = await world.run(volume);
    const container = `${volume}.db`;
    const asked = () => count(container, world.db, volume);
    const mark = await asked();
    await database.psql("SELECT count(*) FROM guest");
    expect(isSameCount(mark, await asked()), "who only reads").toBe(true);
    await world.docker.getContainer(container).restart();
    await eventually(() => database.psql("SELECT 1"), { timeoutMs: 20_000 });
    expect(isSameCount(mark, await asked()), "after a clean restart").toBe(true);
    await world.docker.getContainer(container).kill();
    await world.docker.getContainer(container).start();
    await eventually(() => database.psql("SELECT 1"), { timeoutMs: 20_000 });
    expect(isSameCount(mark, await asked()), "after a crash").toBe(true);
    await database.psql("INSERT INTO guest VALUES ('ada')");
    expect(isSameCount(mark, await asked())).toBe(false);
    // Another crash forgets the counters, and not that there was a transaction.
    await world.docker.getContainer(container).kill();
    await world.docker.getContainer(container).start();
    await eventually(() => database.psql("SELECT 1"), { timeoutMs: 20_000 });
    expect(isSameCount(mark, await asked())).toBe(false);
    await database[Symbol.asyncDispose]();
    await world.drop(volume);
  });

  test("plain files is told by what the branch holds of its own", async () => {
    const volume = await world.branch(snapshot, "7-62", "overlay");
    const files = service("files", { image: { kind: "pull", reference: "node:24" } });
    const { anchor } = branchParts(volume);
    const mark = await count("none", files, volume);
    expect(await count("none", files, volume)).toBe(mark);
    const archive = pack();
    archive.entry({ name: "note.txt" }, "by somebody");
    archive.finalize();
    await world.docker.getContainer(anchor).putArchive(archive as never, { path: "/mayfly/branch" });
    expect(isSameCount(mark, await count("none", files, volume))).toBe(false);
    await world.drop(volume);
  });

  test.each<[string, ServiceSpec, string, string]>([
    [
      "a MariaDB",
      service("db", {
        image: { kind: "pull", reference: "mariadb:11" },
        environment: { MARIADB_ROOT_PASSWORD: "it's", MARIADB_DATABASE: "shop" },
      }),
      `mariadb -uroot -p"$MARIADB_ROOT_PASSWORD" shop -e "CREATE TABLE IF NOT EXISTS guest (name text); SELECT * FROM guest"`,
      `mariadb -uroot -p"$MARIADB_ROOT_PASSWORD" shop -e "INSERT INTO guest VALUES ('ada')"`,
    ],
    [
      "a Redis",
      service("cache", { image: { kind: "pull", reference: "redis:8" } }),
      "redis-cli -e get guest",
      "redis-cli -e set guest ada",
    ],
  ])("%s is told by its own count, and over a restart it is not known", async (_what, its, reading, writing) => {
    const { docker, host } = world;
    const container = await docker.createContainer({
      Image: its.image.kind === "pull" ? its.image.reference : "",
      Labels: { "dev.mayfly.server": world.server },
      Env: Object.entries(its.environment).map(([name, value]) => `${name}=${value}`),
      HostConfig: { NetworkMode: "none" },
    });
    try {
      await container.start();
      const run = async (script: string) => {
        const signal = AbortSignal.timeout(20_000);
        const { exitCode, lines } = await execute(host, container.id, { command: ["sh", "-c", script], signal });
        if (exitCode !== 0) throw new Error(lines.join("\n"));
      };
      const patience = { timeoutMs: 60_000, everyMs: 200 };
      await eventually(() => run(reading), patience);
      const mark = await eventually(() => count(container.id, its, "data"), patience);
      await run(reading);
      expect(isSameCount(mark, await count(container.id, its, "data")), "who only reads").toBe(true);
      await run(writing);
      expect(isSameCount(mark, await count(container.id, its, "data")), "who writes").toBe(false);
      const later = await count(container.id, its, "data");
      await container.restart();
      const restarted = await eventually(() => count(container.id, its, "data"), patience);
      expect(isSameCount(later, restarted), "over a restart").toBe(false);
    } finally {
      await container.remove({ force: true, v: true });
    }
  });

  test("a database that does not answer is not known", async () => {
    const ask = countOf(world.host, { service: world.db, container: "gone", volume: observed("gone") });
    expect(await ask).toBeNull();
  });
});

describe("two counts are of the same data", () => {
  test.each<[string, string, string, boolean]>([
    ["Postgres: the same transaction comes next", "postgres 700 1 0 9 0", "postgres 700 5 3 0 4", true],
    ["Postgres: rows were written", "postgres 700 1 0 9 0", "postgres 703 1 0 12 1", false],
    ["Postgres: the autovacuum was there, and nobody else", "postgres 700 1 2 9 0", "postgres 703 1 0 9 1", true],
    [
      "Postgres: the autovacuum, and somebody who may not have told",
      "postgres 700 1 0 9 0",
      "postgres 703 1 1 9 1",
      false,
    ],
    ["Postgres: a transaction that no table tells of", "postgres 700 1 0 9 0", "postgres 701 1 0 9 0", false],
    ["Postgres: rows, and a crash that forgot them", "postgres 700 1 0 9 0", "postgres 703 8 0 9 1", false],
    ["MariaDB: nobody wrote", "mariadb 1000 Com_insert 4 Uptime 30", "mariadb 1100 Com_insert 4 Uptime 131", true],
    ["MariaDB: somebody wrote", "mariadb 1000 Com_insert 4 Uptime 30", "mariadb 1100 Com_insert 5 Uptime 130", false],
    ["MariaDB: it was restarted", "mariadb 1000 Com_insert 4 Uptime 30", "mariadb 1100 Com_insert 4 Uptime 20", false],
    ["Redis: nobody wrote", "redis run_id:a changes:0", "redis run_id:a changes:0", true],
    ["Redis: it was restarted", "redis run_id:a changes:0", "redis run_id:b changes:0", false],
    ["another kind of database", "redis run_id:a", "postgres 1 1 0 0 0", false],
  ])("%s", (_what, before, now, same) => {
    expect(isSameCount(before, now)).toBe(same);
  });
});
