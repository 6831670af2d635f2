import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SourceError } from "../../src/domain/errors.ts";
import { branchParts } from "../../src/domain/naming.ts";
import { createVolumeUsage } from "../../src/engine/volume-usage.ts";
import type { Strategy } from "../../src/domain/data.ts";
import { chooseStrategy, dataStrategy } from "../../src/data/branch/strategy.ts";
import { createSnapshotJobs } from "../../src/data/snapshot/jobs.ts";
import { sweepSnapshots } from "../../src/data/snapshot/sweep.ts";
import { clock } from "../engine/world.ts";
import { eventually } from "../support/eventually.ts";
import { nothingLeft } from "../support/nothing-left.ts";
import { createWorld, noSources, ownedByTeam, type World } from "./world.ts";
import { sqlFiles } from "../support/stack.ts";
import { commitOf } from "./commit.ts";

const seed = "CREATE TABLE guest (name text);\nINSERT INTO guest SELECT 'guest ' || n FROM generate_series(1, 300) n;";
const slow = `${seed}\nSELECT pg_sleep(600);`;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const namesLike = async (part: string) => (await world.left()).filter((name) => name.includes(part));

describe("a snapshot", () => {
  test("that several previews ask for at once is built once, and each of them is woken", async () => {
    const asked = await Promise.all(["7-1", "7-2", "7-3"].map((preview) => world.ask("aaaa0001", seed, preview)));
    expect(asked).toEqual([1, 2, 3].map(() => ({ state: "building", isNews: true })));
    await eventually(() => expect(world.woken.toSorted()).toEqual(["7-1", "7-2", "7-3"]), { timeoutMs: 60_000 });
    const ready = await Promise.all(["7-1", "7-2", "7-3"].map((preview) => world.ask("aaaa0001", seed, preview)));
    expect(new Set(ready.map((each) => each.state === "ready" && each.snapshot.volume)).size).toBe(1);
    expect(ready[0]).toMatchObject({ state: "ready", isNews: true, snapshot: { seed: "aaaa0001-seed" } });
    expect(await world.ask("aaaa0001", seed, "7-1")).toMatchObject({ state: "ready", isNews: false });
    expect(await namesLike("mayfly-snapshot"), "the builder is gone").toHaveLength(1);
    const { Labels } = await world.docker.getVolume((await namesLike("mayfly-snapshot"))[0]!).inspect();
    expect(Labels).toEqual({
      "dev.mayfly.server": world.server,
      "dev.mayfly.kind": "snapshot",
      "dev.mayfly.repository": "7",
      "dev.mayfly.trust": "team",
      "dev.mayfly.data-key": "aaaa0001",
    });
  });

  test("whose seed fails leaves nothing, and says file, line and the server's own words to each who asked", async () => {
    const broken = "CREATE TABLE a (b int);\nINSERT INTO c VALUES (1);";
    await world.ask("bbbb0001", broken, "7-1");
    await world.ask("bbbb0001", broken, "7-2");
    const told = await Promise.all(
      ["7-1", "7-2"].map((preview) =>
        eventually(
          async () => {
            const outcome = await world.ask("bbbb0001", broken, preview);
            if (outcome.state !== "failed") throw new Error(outcome.state);
            return outcome.failure;
          },
          { timeoutMs: 60_000, everyMs: 50 },
        ),
      ),
    );
    for (const failure of told)
      expect(failure).toMatchObject({
        code: "seed-failed",
        service: "db",
        what: `db/seed.sql:2 could not be loaded into db: relation "c" does not exist`,
      });
    world.jobs.release("7-1");
    world.jobs.release("7-2");
    await eventually(async () => expect(await namesLike("bbbb0001")).toEqual([]), { timeoutMs: 10_000 });
  });

  test("whose first asker's commit cannot be read is built from another's", async () => {
    const gone = () => Promise.reject(new SourceError("commit-missing", "the commit is gone"));
    await world.ask("abcd0001", seed, "7-1", 1, gone);
    await world.ask("abcd0001", seed, "7-2");
    const first = await eventually(async () => {
      const outcome = await world.ask("abcd0001", seed, "7-1", 1, gone);
      if (outcome.state !== "failed") throw new Error(outcome.state);
      return outcome.failure.code;
    });
    expect(first).toBe("commit-missing");
    expect((await world.snapshot("abcd0001", seed)).key).toBe("abcd0001");
    expect(await world.ask("abcd0001", seed, "7-2")).toMatchObject({ state: "ready" });
  });

  test("is built where nobody reaches it, and given up without a trace when nobody wants it any more", async () => {
    await world.ask("cccc0001", slow, "7-1");
    const builder = await eventually(
      async () => {
        const found = (await namesLike("cccc0001")).find((name) => name.endsWith(".builder"));
        return await world.docker.getContainer(found ?? "none").inspect();
      },
      { timeoutMs: 20_000 },
    );
    expect(Object.keys(builder.NetworkSettings.Networks)).toEqual(["none"]);
    expect(builder.Config.Labels["dev.mayfly.preview"]).toBeUndefined();
    expect(builder.HostConfig.RestartPolicy?.Name).toBe("no");
    // Another generation of the same wish keeps it.
    await world.ask("cccc0001", slow, "7-1", 2);
    world.jobs.release("7-1", 2);
    expect(await world.ask("cccc0001", slow, "7-1", 2)).toEqual({ state: "building", isNews: false });
    world.jobs.release("7-1");
    await eventually(async () => expect(await namesLike("cccc0001")).toEqual([]), { timeoutMs: 20_000 });
  });

  test("that a killed Mayfly left half built is never used, and goes with the next sweep", async () => {
    await using killed = createSnapshotJobs({
      ...world.host,
      ...world.budget,
      sources: noSources,
      rows: { ...world.store.snapshots, publish: () => Promise.reject(new Error("killed before this")) as never },
      parallel: 1,
      timeoutMs: 60_000,
      disk: undefined,
      subnets: world.subnets,
      onEnd: () => undefined,
    });
    const wish = { preview: "7-9", generation: 1 };
    const request = {
      owner: ownedByTeam,
      open: async () => commitOf({ "a.sql": slow }),
    };
    const snapshot = await world.snapshot("aaaa0001", seed);
    await killed.request(
      {
        key: "dddd0001",
        service: world.db,
        seed: {
          service: "db",
          volume: "pgdata",
          parts: sqlFiles("a.sql"),
          content: "x",
        },
        imageId: world.images.postgres,
        programs: {},
        readyTimeoutMs: 30_000,
      },
      wish,
      request,
    );
    await eventually(async () => expect(await namesLike("dddd0001")).toHaveLength(2), { timeoutMs: 20_000 });
    // The other's jobs are unknown to this one, as after a restart; what volumes take need not be known for it.
    const usage = () => Promise.reject(new Error("the engine does not tell"));
    const host = { ...world.host, rows: world.store.snapshots, budgetBytes: 1, usage };
    await expect(sweepSnapshots(host, noSources)).rejects.toThrow("does not tell");
    expect(await namesLike("dddd0001")).toEqual([]);
    expect(await world.jobs.find("aaaa0001"), "what is whole stays").toEqual(snapshot);
  });

  test("that nobody has used for a week goes, unless a branch reads it", async () => {
    const kept = await world.snapshot("aaaa0001", seed);
    await world.snapshot("eeee0001", seed);
    const branch = await world.branch(kept, "7-21", "overlay");
    const [row] = world.store.snapshots.all().filter(({ volume }) => volume === kept.volume);
    const newer = `${kept.volume}n`;
    const Labels = {
      "dev.mayfly.server": world.server,
      "dev.mayfly.kind": "snapshot",
      "dev.mayfly.data-key": kept.key,
    };
    await world.docker.createVolume({ Name: newer, Labels });
    world.store.snapshots.publish({ ...kept, volume: newer }, row!);
    const later = createSnapshotJobs({
      ...world.host,
      ...world.budget,
      sources: noSources,
      clock: { ...clock, now: () => clock.now() + 8 * 86_400_000 },
      rows: world.store.snapshots,
      parallel: 1,
      timeoutMs: 1000,
      disk: undefined,
      subnets: world.subnets,
      onEnd: () => undefined,
    });
    await later.sweep();
    expect(await namesLike("eeee0001")).toEqual([]);
    expect(await world.jobs.find("eeee0001")).toBeNull();
    expect(await world.jobs.find("aaaa0001"), "built anew, it is there for a reset").toMatchObject({ volume: newer });
    await world.drop(branch);
    await later.sweep();
    expect(await namesLike("aaaa0001")).toEqual([]);
  });

  test("beyond twenty, or beyond the budget, that no branch reads goes, the least recently used first", async () => {
    const { docker, store, server } = world;
    const labels = { "dev.mayfly.server": server, "dev.mayfly.kind": "snapshot" };
    const names = Array.from(
      { length: 22 },
      (_, index) => `mayfly-snapshot-spare-${server}-${String(index).padStart(2, "0")}`,
    );
    for (const volume of names) {
      await docker.createVolume({ Name: volume, Labels: { ...labels, "dev.mayfly.data-key": volume } });
      const root = { uid: 0, gid: 0, mode: 0o700 };
      store.snapshots.publish(
        { key: volume, volume, seed: "", root },
        { origin: { ...ownedByTeam, wish: world.wishOf(volume) }, editions: [], tookMs: 1 },
      );
      await eventually(() => (store.snapshots.all().find((row) => row.volume === volume)?.usedAt ?? 0) < Date.now());
    }
    const inAnHour = { ...clock, now: () => clock.now() + 3_600_000 };
    const host = { ...world.host, ...world.budget, clock: inAnHour, rows: store.snapshots };
    await sweepSnapshots(host, noSources);
    expect(await namesLike("mayfly-snapshot-spare")).toEqual(names.slice(2));
    expect(store.snapshots.all()).toHaveLength(20);
    const usage = async () => new Map(names.map((volume) => [volume, 100]));
    await sweepSnapshots({ ...host, usage, budgetBytes: 1750 }, noSources);
    expect(await namesLike("mayfly-snapshot-spare"), "beyond the budget, too").toEqual(names.slice(5));
    await sweepSnapshots({ ...host, clock }, noSources, "needed");
    expect(await namesLike("mayfly-snapshot-spare"), "what was asked for lately stays").toEqual(names.slice(5));
    await sweepSnapshots(host, noSources, "needed");
    expect(await namesLike("mayfly-snapshot-spare"), "where the disk is full, all of them").toEqual([]);
  });

  test("beyond the budget, by what the engine says of real ones, goes; one that a branch reads never does", async () => {
    const kept = await world.snapshot("aaaa0001", seed);
    const spare = await world.snapshot("eeee0002", seed);
    const volume = await world.branch(kept, "7-22", "overlay");
    const usage = createVolumeUsage({ docker: world.docker, clock });
    const bytes = (await usage()).get(spare.volume) ?? 0;
    expect(bytes).toBeGreaterThan(20_000_000);
    const inAnHour = { ...clock, now: () => clock.now() + 3_600_000 };
    const host = { ...world.host, clock: inAnHour, rows: world.store.snapshots, usage };
    await sweepSnapshots({ ...host, budgetBytes: 100 * bytes }, noSources);
    expect(await world.jobs.find("eeee0002")).toEqual(spare);
    await sweepSnapshots({ ...host, budgetBytes: 1.5 * bytes }, noSources);
    expect(await world.jobs.find("eeee0002")).toBeNull();
    await sweepSnapshots({ ...host, budgetBytes: 1 }, noSources);
    await sweepSnapshots({ ...host, budgetBytes: 1 }, noSources, "needed");
    expect(await world.jobs.find("aaaa0001")).toEqual(kept);
    await world.drop(volume);
  });

  test("whose volume somebody removed is built again when it is asked for", async () => {
    const first = await world.snapshot("ffff0001", seed);
    await world.docker.getVolume(first.volume).remove();
    expect(await world.jobs.find("ffff0001")).toBeNull();
    expect((await world.snapshot("ffff0001", seed)).volume).not.toBe(first.volume);
  });
});

describe.each<Strategy>(["overlay", "copy"])("a data branch by %s", (strategy) => {
  test("has the seed, needs no recovery, and keeps its writes to itself", async () => {
    const snapshot = await world.snapshot("aaaa0001", seed);
    const [one, other] = await Promise.all([
      world.branch(snapshot, `7-31-${strategy}`, strategy),
      world.branch(snapshot, `7-32-${strategy}`, strategy),
    ]);
    {
      await using first = await world.run(one);
      await using second = await world.run(other);
      expect(await first.psql("SELECT count(*) FROM guest")).toBe("300");
      await first.psql("DELETE FROM guest WHERE name <> 'guest 1'");
      await second.psql("INSERT INTO guest VALUES ('ada')");
      expect(await first.psql("SELECT count(*) FROM guest")).toBe("1");
      expect(await second.psql("SELECT count(*) FROM guest")).toBe("301");
      const logs = await first.logs();
      expect(logs).toContain("database system was shut down at");
      expect(logs).not.toMatch(/automatic recovery|not properly shut down/);
    }
    // Written data outlives its container, and a pristine branch is not touched by it.
    const pristine = await world.branch(snapshot, `7-33-${strategy}`, strategy);
    {
      await using again = await world.run(one);
      await using fresh = await world.run(pristine);
      expect(await again.psql("SELECT count(*) FROM guest")).toBe("1");
      expect(await fresh.psql("SELECT count(*) FROM guest")).toBe("300");
    }
    for (const volume of [one, other, pristine]) await world.drop(volume);
  });

  test("finds a database that was vacuumed, and no log of its loading", async () => {
    const load = "CREATE TABLE big AS SELECT n, repeat('x', 500) FROM generate_series(1, 60000) AS n;";
    const snapshot = await world.snapshot("aaaa0002", load);
    const volume = await world.branch(snapshot, `7-51-${strategy}`, strategy);
    {
      await using database = await world.run(volume);
      const log = "SELECT coalesce(sum(size), 0) <= 32 * 1024 * 1024 FROM pg_ls_waldir()";
      expect(await database.psql(log)).toBe("t");
      const vacuumed = "SELECT relallvisible > relpages / 2 FROM pg_class WHERE relname = 'big'";
      expect(await database.psql(vacuumed)).toBe("t");
    }
    await world.drop(volume);
  });

  test("can be made twice, as after a kill in its middle", async () => {
    const snapshot = await world.snapshot("aaaa0001", seed);
    const volume = await world.branch(snapshot, `7-41-${strategy}`, strategy);
    expect(await world.branch(snapshot, `7-41-${strategy}`, strategy)).toBe(volume);
    {
      await using database = await world.run(volume);
      expect(await database.psql("SELECT count(*) FROM guest")).toBe("300");
    }
    await world.drop(volume);
  });
});

describe("an anchor", () => {
  test("keeps everything under a branch from being removed, is made again, and refuses to stand on nothing", async () => {
    const snapshot = await world.snapshot("aaaa0001", seed);
    const volume = await world.branch(snapshot, "7-51", "overlay");
    const parts = branchParts(volume);
    for (const name of [snapshot.volume, volume, parts.upper, parts.work])
      await expect(world.docker.getVolume(name).remove()).rejects.toThrow("in use");
    await world.docker.getContainer(parts.anchor).remove({ v: true });
    await world.anchor(volume, snapshot.volume, "7-51");
    await expect(world.docker.getVolume(snapshot.volume).remove()).rejects.toThrow("in use");
    expect((await world.docker.getContainer(parts.anchor).inspect()).State.Status).toBe("created");

    await world.docker.getContainer(parts.anchor).remove({ v: true });
    await world.docker.getVolume(parts.work).remove();
    await expect(world.anchor(volume, snapshot.volume, "7-51")).rejects.toMatchObject({
      code: "data-lost",
      message: `volume ${parts.work} was removed from under the preview's data`,
    });
    await world.drop(volume);
  });
});

test("what branches cost here is found out by trying one, which leaves nothing", async () => {
  const before = await world.left();
  const stranger = `${world.server}s`;
  const found = await dataStrategy({ ...world.host, server: stranger });
  expect(found).toMatchObject({ strategy: "overlay", text: expect.stringContaining("share what they do not change") });
  await nothingLeft(world.docker, stranger);
  expect(await world.left()).toEqual(before);
  expect(await chooseStrategy(world.host)).toBe("overlay");
});
