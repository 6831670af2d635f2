import { pino } from "pino";
import { beforeEach, describe, expect, test } from "vitest";
import { byItself } from "../../src/domain/audit.ts";
import { describeFailure, EngineError, type Failure } from "../../src/domain/errors.ts";
import type { SnapshotRow } from "../../src/domain/snapshot.ts";
import { type Edition, type Source, wishEdition } from "../../src/domain/source.ts";
import { createRefresh, type Refresh } from "../../src/data/source/refresh.ts";
import { service } from "../support/stack.ts";

const night = 86_400_000;
const db = service("db", { image: { kind: "pull", reference: "postgres:17" } });
const source: Source = {
  name: "nightly",
  from: { kind: "command", command: "cat dump" },
  image: null,
  sensitive: true,
  mask: { rules: [], hash: "1234" },
  refresh: { text: "@daily", next: (after) => (Math.floor(after / night) + 1) * night },
  repositories: null,
  forks: false,
  timeoutMs: 1000,
  mostBytes: 1000,
};
const wish = wishEdition(source, db)!;
const failure = describeFailure(new EngineError("source-failed", "it is away"));

/** What the store and the engine would hold, and what was asked of them. */
let world: ReturnType<typeof createWorld>;
let refresh: Refresh;
beforeEach(() => {
  world = createWorld();
  refresh = start();
});

function createWorld() {
  return {
    now: 10 * night,
    read: null as number | null,
    editions: [] as Edition[],
    readFor: [] as string[],
    isWanted: (_edition: Edition) => true,
    rows: [] as SnapshotRow[],
    reads: [] as string[],
    built: [] as string[],
    readFails: null as Failure | null,
    buildFails: null as Failure | null,
  };
}

function start(changes: Partial<Source> = {}): Refresh {
  const newest = () => world.editions.findLast(({ replacedAt }) => replacedAt === null) ?? null;
  return createRefresh({
    sources: [{ ...source, ...changes }],
    clock: { now: () => world.now, sleep: async () => undefined },
    log: pino({ level: "silent" }),
    editions: {
      find: async () => newest(),
      async renew(wanted, { cause }) {
        world.reads.push(cause);
        world.readFor.push(wanted.image ?? "");
        world.read = world.now;
        if (world.readFails !== null) return world.readFails;
        for (const each of world.editions) each.replacedAt = world.now;
        world.editions.push(edition(`e${world.editions.length + 1}`));
        return wanted.key === wish.key ? null : failure;
      },
      sweep: async (isWanted) => void (world.isWanted = isWanted),
    },
    rows: {
      all: () => world.editions,
      readOf: () => (world.read === null ? null : { triedAt: world.read, doneAt: null, failure: null }),
      see: () => void (world.read ??= world.now),
    },
    snapshots: {
      sweep: async () => undefined,
      all: () => world.rows,
      fail: (volume, told) => {
        world.rows = world.rows.map((row) =>
          row.volume === volume ? { ...row, failure: { ...told, at: world.now } } : row,
        );
      },
      async rebuild(row, cause) {
        world.built.push(`${row.volume}: ${cause}`);
        if (world.buildFails !== null) return world.buildFails;
        const { key, volume } = newest()!;
        world.rows = world.rows.map((each) => (each === row ? { ...row, editions: [{ key, volume }] } : each));
        return null;
      },
    },
  });
}

const edition = (volume: string): Edition => ({
  ...wish,
  volume,
  facts: { form: "sql", bytes: 1, coverage: [], searched: 0 },
  cause: "",
  builtAt: 0,
  tookMs: 0,
  usedAt: world.now,
  replacedAt: null,
});

function snapshot(held: string): SnapshotRow {
  const seed = { service: "db", volume: "pgdata", parts: [{ kind: "source" as const, name: "nightly" }], content: "c" };
  const of = { key: "k", service: db, seed, imageId: "i", readyTimeoutMs: 1, programs: {} };
  const owner = { repositoryId: 7, repository: "acme/shop", number: 1, trust: "team" as const, commit: "c", cause: "" };
  const root = { uid: 0, gid: 0, mode: 0 };
  const times = { builtAt: 0, tookMs: 0, usedAt: 0, replacedAt: null };
  const origin = { ...owner, wish: of };
  return {
    key: "k",
    volume: "s1",
    seed: "c",
    root,
    origin,
    editions: [{ key: wish.key, volume: held }],
    ...times,
    failure: null,
  };
}

describe("a schedule", () => {
  test("has a source read once when it is due, and once by a server that was down then", async () => {
    world.editions.push(edition("e1"));
    await refresh.tick();
    expect(world.reads).toEqual([]);
    world.now += 3.5 * night;
    refresh = start();
    await refresh.tick();
    await refresh.tick();
    expect(world.reads).toEqual(["due by @daily"]);
    world.now += night;
    await refresh.tick();
    expect(world.reads).toHaveLength(2);
  });

  test("does not read what nobody has named yet", async () => {
    world.now += 2 * night;
    await refresh.tick();
    expect(world.reads).toEqual([]);
    expect(() => refresh.refresh("nightly", byItself)).toThrow("nothing is loaded from nightly yet");
    expect(() => refresh.refresh("nightyl", byItself)).toThrow('there is no source "nightyl"');
  });

  test("that meets a source that is away asks again the next time, and leaves snapshots alone", async () => {
    world.editions.push(edition("e1"));
    world.rows.push(snapshot("e1"));
    world.readFails = failure;
    world.now += night;
    await refresh.tick();
    await refresh.tick();
    expect([world.reads.length, world.built]).toEqual([1, []]);
  });
});

describe("what pull requests had a source read for", () => {
  const of = (reference: string, usedAt: number) => {
    const own = wishEdition(source, service("db", { image: { kind: "pull", reference } }))!;
    return { ...edition(`of ${reference}`), ...own, usedAt };
  };

  test("is read no more once nobody has loaded it for a week, but for what was used last", async () => {
    world.editions.push(of("postgres:15", 0), of("postgres:16", 6 * night), of("postgres:17", 0));
    await refresh.sweep();
    expect(world.editions.map(world.isWanted)).toEqual([false, true, false]);
    world.now += 30 * night;
    expect(world.editions.map(world.isWanted)).toEqual([false, true, false]);
    await refresh.refresh("nightly", byItself);
    expect(world.readFor).toEqual(["postgres:16"]);
  });

  test("is read as long as a snapshot is made of it, and for the operator's own image", async () => {
    world.editions.push(of("postgres:15", 0), of("postgres:16", 9 * night));
    const row = snapshot("of postgres:15");
    const image = { kind: "pull", reference: "postgres:15.3-alpine" } as const;
    const { wish: whose } = row.origin;
    world.rows.push({ ...row, origin: { ...row.origin, wish: { ...whose, service: { ...whose.service, image } } } });
    await refresh.refresh("nightly", byItself);
    expect(world.readFor.toSorted()).toEqual(["postgres:15", "postgres:16"]);
    world.readFor = [];
    await start({ image: "postgis/postgis:17" }).refresh("nightly", byItself);
    expect(world.readFor).toEqual(["postgis/postgis:17"]);
  });
});

describe("a newer edition", () => {
  test("has the snapshots built anew that hold an older one, also after a kill in between", async () => {
    world.editions.push(edition("e1"));
    world.rows.push(snapshot("e1"));
    expect(await refresh.refresh("nightly", byItself)).toBeNull();
    expect(world.built).toEqual(["s1: nightly was read anew"]);
    world.rows = [snapshot("e1")];
    await start().tick();
    expect(world.built).toHaveLength(2);
    await refresh.tick();
    expect(world.built, "it holds the newest now").toHaveLength(2);
  });

  test("is not loaded for whom the operator has taken the source from since", async () => {
    world.editions.push(edition("e1"));
    world.rows.push(snapshot("e1"));
    expect(await start({ repositories: ["acme/other"] }).refresh("nightly", byItself)).toBeNull();
    const own = snapshot("e1");
    world.rows = [{ ...own, origin: { ...own.origin, trust: "fork" } }];
    await start().tick();
    expect(world.built).toEqual([]);
    await start({ forks: true }).tick();
    expect(world.built).toEqual(["s1: nightly was read anew"]);
  });

  test("that a snapshot cannot be built with is tried once, and told with the snapshot that stays", async () => {
    world.editions.push(edition("e1"));
    world.rows.push(snapshot("e1"));
    world.buildFails = failure;
    await refresh.refresh("nightly", byItself);
    await refresh.tick();
    expect(world.built).toHaveLength(1);
    expect(world.rows[0]?.failure).toMatchObject({ what: "it is away", with: "e2" });
    world.buildFails = null;
    await refresh.refresh("nightly", byItself);
    expect(world.built, "the next edition may do").toHaveLength(2);
  });
});
