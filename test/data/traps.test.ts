import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { branchParts } from "../../src/domain/naming.ts";
import type { Snapshot } from "../../src/domain/stack.ts";
import { readOwnership } from "../../src/engine/directory.ts";
import { ask, file, volume, wishOf } from "./kinds-world.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
let snapshot: Snapshot;
beforeAll(async () => {
  world = await createWorld();
  snapshot = await world.snapshot("beef0001", "CREATE TABLE guest (name text);\nINSERT INTO guest VALUES ('ada');");
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe("Postgres on a data branch", () => {
  test("finds its directory as it left it: another owner or mode, and it refuses to start", async () => {
    const volume = await world.branch(snapshot, "7-71", "overlay");
    const { anchor } = branchParts(volume);
    const root = await readOwnership(world.docker, anchor, "/mayfly/branch");
    expect(root).toMatchObject({ uid: 999, gid: 999 });
    expect(root.mode & 0o777).toBe(0o700);
    expect(await readOwnership(world.docker, anchor, "/mayfly/upper")).toEqual(root);
    await world.drop(volume);
  });

  test("starts after it was killed, with its lock file of before, on what it had", async () => {
    const volume = await world.branch(snapshot, "7-72", "overlay");
    {
      await using first = await world.run(volume);
      await first.psql("INSERT INTO guest VALUES ('bob')");
      await world.docker.getContainer(`${volume}.db`).kill();
    }
    {
      await using second = await world.run(volume);
      expect(await second.psql("SELECT count(*) FROM guest")).toBe("2");
      expect(await second.logs()).toContain("automatic recovery in progress");
    }
    await world.drop(volume);
  });

  test.each(["pgdata", "18/docker"])("in a folder of its volume, as PGDATA says (%s), is as whole", async (folder) => {
    const nested = {
      ...world.db,
      environment: { ...world.db.environment, PGDATA: `/var/lib/postgresql/data/${folder}` },
    };
    const wish = await wishOf(world, nested, [file("seed.sql", "sql")]);
    const seeded = await ask(world, wish, {
      "seed.sql": "CREATE TABLE guest (name text);\nINSERT INTO guest VALUES ('ada');\n",
    });
    if (seeded.state !== "ready") throw new Error(JSON.stringify(seeded));
    const name = await world.branch(seeded.snapshot, "7-73", "overlay");
    {
      await using database = await world.run(name, nested);
      expect(await database.psql("SELECT name FROM guest")).toBe("ada");
      expect(await database.psql("SHOW data_directory")).toBe(nested.environment.PGDATA);
      expect(await database.logs()).not.toContain("recovery in progress");
      await database.psql("INSERT INTO guest VALUES ('bob')");
      await world.docker.getContainer(`${name}.db`).stop();
    }
    {
      await using again = await world.run(name, nested);
      expect(await again.psql("SELECT count(*) FROM guest")).toBe("2");
    }
    await world.drop(name);
  });
});

test("a volume above the place of an image's own volume holds no data: no snapshot is made of it", async () => {
  const above = { ...world.db, mounts: [volume("pgdata", "/var/lib/postgresql")] };
  await expect(wishOf(world, above, [file("seed.sql", "sql")])).rejects.toThrow("it is seeded where it runs");
});
