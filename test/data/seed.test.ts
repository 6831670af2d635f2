import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSeedFile } from "../../src/data/seed/open.ts";
import { runSeed, type SeedScope, type SeedStep } from "../../src/data/seed/load.ts";
import { describeFailure } from "../../src/domain/errors.ts";
import { execute } from "../../src/engine/exec.ts";
import type { ContainerPlan } from "../../src/plan/step.ts";
import { eventually } from "../support/eventually.ts";
import { clock, createWorld, type World } from "../engine/world.ts";
import { commitOf } from "./commit.ts";
import { sqlFiles } from "../support/stack.ts";

let world: World;
let db: ContainerPlan;
beforeEach(async () => {
  world = await createWorld();
  await world.run(world.network("default"));
  const plan = world.container("db", "", {
    command: null,
    image: { kind: "pull", reference: "postgres:17" },
    environment: { POSTGRES_USER: "shop", POSTGRES_PASSWORD: "secret", POSTGRES_DB: "guests" },
  });
  db = { ...plan, imageId: world.images.postgres };
  await world.up(db);
  await world.run(world.awaiting(db, { ports: [5432] }));
});
afterEach(async () => {
  await world.down(db);
  await world.run({ kind: "remove-network", name: world.name("default") });
  await world[Symbol.asyncDispose]();
});

const refuse = (name: string) => Promise.reject(new Error(`there is no ${name}`));

function seed(
  files: Record<string, string | Buffer>,
  more: { signal?: AbortSignal; step?: Partial<SeedStep>; openEdition?: SeedScope["openEdition"] } = {},
): Promise<void> {
  const step: SeedStep = {
    container: db.name,
    service: db.service,
    programs: {},
    seed: { service: "db", volume: "data", parts: sqlFiles(...Object.keys(files)) },
    ...more.step,
  };
  const signal = more.signal ?? new AbortController().signal;
  return runSeed({ docker: world.docker, clock, server: world.server }, step, {
    signal,
    labels: {},
    openSource: async () => commitOf(files),
    openEdition: more.openEdition ?? refuse,
  });
}

async function ask(query: string): Promise<string> {
  const command = ["psql", "-U", "shop", "-d", "guests", "-Atc", query];
  const { lines } = await execute({ docker: world.docker, clock }, db.name, {
    command,
    signal: new AbortController().signal,
  });
  return lines.join("\n");
}

describe("a seed", () => {
  test("loads its files in order into the database of the stack", async () => {
    await seed({
      "db/schema.sql": "\uFEFFCREATE TABLE guest (name text);\nCREATE TABLE visit (at int);",
      "db/data.sql":
        "COPY guest (name) FROM stdin;\nada\ngrace 🌱\n\\.\nINSERT INTO visit SELECT generate_series(1, 300)",
    });
    expect(await ask("SELECT string_agg(name, ',') FROM guest")).toBe("ada,grace 🌱");
    expect(await ask("SELECT count(*) FROM visit")).toBe("300");
  });

  test("of many megabytes arrives whole", async () => {
    const row = "x".repeat(1000);
    const rows = Array.from({ length: 40_000 }, (_, index) => `${index}\t${row}`).join("\n");
    await seed({ "big.sql": `CREATE TABLE big (id int, body text);\nCOPY big FROM stdin;\n${rows}\n\\.\n` });
    expect(await ask("SELECT count(*), sum(length(body)) FROM big")).toBe("40000|40000000");
  });

  test("that fails names the file and line in the database's words, and leaves nothing of that file behind", async () => {
    const failed = seed({
      "db/schema.sql": "CREATE TABLE guest (name text);",
      "db/data.sql":
        "INSERT INTO guest VALUES ('ada');\n\nINSERT INTO gest VALUES ('grace');\n" + "-- more\n".repeat(50_000),
    });
    await expect(failed).rejects.toMatchObject({
      code: "seed-failed",
      service: "db",
      message: `db/data.sql:3 could not be loaded into db: relation "gest" does not exist`,
      logTail: expect.arrayContaining([expect.stringContaining("LINE 1: INSERT INTO gest")]),
    });
    expect(await ask("SELECT count(*) FROM guest")).toBe("0");
  });

  test.each([
    ["a quote", "CREATE TABLE half (a text);\nINSERT INTO half VALUES ('never closed);\n"],
    ["a COPY", "CREATE TABLE half (a text);\nCOPY half FROM stdin;\nrow\n"],
  ])("that ends in the middle of %s is not taken for whole", async (_what, text) => {
    await expect(seed({ "half.sql": text })).rejects.toMatchObject({ code: "seed-failed" });
    expect(await ask("SELECT count(*) FROM pg_tables WHERE tablename = 'half'")).toBe("0");
  });

  test("that is aborted in the middle leaves nothing behind", async () => {
    const newer = new AbortController();
    const text = `CREATE TABLE half (a int);\nINSERT INTO half VALUES (1);\nSELECT pg_sleep(600);\n`;
    const seeding = seed({ "slow.sql": text }, { signal: newer.signal });
    const sleeping =
      "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND pid <> pg_backend_pid()";
    await eventually(async () => (await ask(sleeping)) === "1");
    newer.abort(new Error("a newer generation"));
    await expect(seeding).rejects.toThrow("a newer generation");
    expect(await ask("SELECT count(*) FROM pg_tables WHERE tablename = 'half'")).toBe("0");
  });

  test("whose line never ends is ended at the service's memory, and the database goes on", async () => {
    const packed = gzipSync(Buffer.alloc(64 * 1024 ** 2, " "));
    const failure = seed({ "line.sql.gz": Buffer.concat(Array.from({ length: 12 }, () => packed)) });
    await expect(failure).rejects.toMatchObject({
      code: "seed-failed",
      message: expect.stringContaining("psql was killed: the memory of the service was not enough for it"),
    });
    expect(await ask("SELECT 1")).toBe("1");
  });

  test("that is cut off in its middle, as when Mayfly is killed, is not committed half", async () => {
    // What arrives of a file without the last line that Mayfly writes: psql itself sees a plain end of input.
    const half = {
      "half.sql": "CREATE TABLE half (a int);\nINSERT INTO half VALUES (1);\nINSERT INTO half VALUES (2);\n",
    };
    const { exitCode } = await execute({ docker: world.docker, clock }, db.name, {
      command: ["psql", "-U", "shop", "-d", "guests", "--command=BEGIN", "--file=-"],
      input: (async function* () {
        yield half["half.sql"].slice(0, 60);
      })(),
      signal: new AbortController().signal,
    });
    expect(exitCode).toBe(0);
    expect(await ask("SELECT count(*) FROM pg_tables WHERE tablename = 'half'")).toBe("0");
    await seed(half);
    expect(await ask("SELECT count(*) FROM half")).toBe("2");
  });

  test("for something else than Postgres is refused by name", async () => {
    const service = {
      ...db.service,
      name: "cache",
      environment: {},
      image: { kind: "pull", reference: "redis:8" } as const,
    };
    await expect(
      seed(
        { "a.sql": "" },
        {
          step: {
            service,
            seed: {
              service: "cache",
              volume: "v",
              parts: sqlFiles("a.sql"),
            },
          },
        },
      ),
    ).rejects.toMatchObject({
      code: "seed-failed",
      message: "a.sql could not be loaded into cache: Redis reads no SQL",
    });
  });
});

test("what a source gave unmasked is not quoted where it cannot be loaded", async () => {
  const script = "CREATE TABLE people (email text, age int);\nCOPY people FROM stdin;\nada@example.org\tforty\n\\.\n";
  const load = (isMasked: boolean) => {
    const file = { name: "source nightly", head: Buffer.from("--"), isMasked, [Symbol.asyncDispose]: async () => {} };
    const content = async function* () {
      yield Buffer.from(script);
    };
    const parts = [{ kind: "source" as const, name: "nightly" }];
    return seed(
      {},
      {
        step: { seed: { service: "db", volume: "data", parts } },
        openEdition: async () => ({ ...file, content: content() }),
      },
    );
  };
  const failure = describeFailure(await load(false).catch((error: unknown) => error));
  expect(failure).toMatchObject({
    code: "seed-failed",
    what: "source nightly could not be loaded into db: invalid input syntax for type integer, line 4 of what it gave",
    logTail: [],
  });
  expect(JSON.stringify(failure)).not.toMatch(/ada|forty/);
  await expect(load(true)).rejects.toMatchObject({
    logTail: expect.arrayContaining([expect.stringContaining("forty")]),
  });
});

test("what unpacks to any size is read no further than 1 GiB or 200 times its own, in flat memory", async () => {
  const packed = gzipSync(Buffer.alloc(64 * 1024 ** 2, "--\n"));
  await using source = commitOf({ "bomb.sql.gz": Buffer.concat(Array.from({ length: 40 }, () => packed)) });
  await using file = await openSeedFile(source, "bomb.sql.gz");
  const before = process.memoryUsage().rss;
  let bytes = 0;
  const read = async () => {
    for await (const chunk of file.content) bytes += chunk.length;
  };
  await expect(read()).rejects.toThrow("bomb.sql.gz unpacks to more than 200 times its size, and to over 1 GiB");
  expect(bytes).toBeLessThanOrEqual(1024 ** 3);
  expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 ** 2);
});
