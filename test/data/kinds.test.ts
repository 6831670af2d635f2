import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SeedPart } from "../../src/domain/seed.ts";
import { service } from "../support/stack.ts";
import { failureOf, file, printed, run, volume, wishOf } from "./kinds-world.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const postgres = service("db", {
  image: { kind: "pull", reference: "postgres:17" },
  environment: { POSTGRES_USER: "shop", POSTGRES_PASSWORD: "secret", POSTGRES_DB: "shop" },
  mounts: [volume("pgdata", "/var/lib/postgresql/data")],
  networks: [{ network: "default", aliases: ["database"] }],
  kept: true,
});
const mariadb = service("db", {
  image: { kind: "pull", reference: "mariadb:11" },
  environment: { MARIADB_ROOT_PASSWORD: "it's", MARIADB_DATABASE: "shop", MARIADB_USER: "shop", MARIADB_PASSWORD: "x" },
  mounts: [volume("data", "/var/lib/mysql")],
  kept: true,
});
const redis = (...options: string[]) =>
  service("cache", {
    image: { kind: "pull", reference: "redis:8" },
    command: ["redis-server", ...options],
    mounts: [volume("keys", "/data")],
    kept: true,
  });
const web = service("web", {
  image: { kind: "pull", reference: "node:24" },
  environment: { DATABASE_HOST: "database", STRIPE_KEY: "${secret:STRIPE_KEY}" },
  secrets: ["STRIPE_KEY"],
});

describe("Postgres", () => {
  const psql = (sql: string) => `psql -h 127.0.0.1 -U shop -Atqc "${sql}"`;

  test("is filled from SQL, packed SQL, a script and a program of the application, in order", async () => {
    // It reaches the database by its alias, is given no secret, and reaches nothing else: neither the world, nor this host
    // by any of its addresses, its own network's gateway first, nor what a cloud tells its machines.
    await using host = createServer((socket) => socket.end()).listen(0, "0.0.0.0");
    await once(host, "listening");
    const { port } = host.address() as AddressInfo;
    const program = `const {connect} = require("node:net"); const {networkInterfaces} = require("node:os");
      if (process.env.STRIPE_KEY) throw new Error("a secret");
      const reaches = (port, host) => new Promise((done) => {
        const socket = connect(port, host).setTimeout(5000, () => socket.destroy());
        socket.once("connect", () => done(true)).on("error", () => {}).once("close", () => done(false));
      });
      const own = Object.values(networkInterfaces()).flat().filter(({internal}) => !internal).map(({address}) => address);
      const gateways = own.map((address) => address.replace(/\\d+$/, (last) => String(Math.floor(last / 8) * 8 + 1)));
      const others = [[53, "9.9.9.9"], [80, "169.254.169.254"], [${port}, "172.17.0.1"], ...gateways.map((each) => [${port}, each])];
      (async () => {
        if (own.length !== 1 || !(await reaches(5432, process.env.DATABASE_HOST))) throw new Error("no database: " + own);
        const reached = await Promise.all(others.map(([port, host]) => reaches(port, host)));
        if (reached.includes(true)) throw new Error("reached " + others.filter((_, index) => reached[index]).join(" "));
      })();`;
    const parts = [
      file("db/1.sql", "sql"),
      file("db/2.sql.gz", "sql.gz"),
      file("db/3.sh", "shell"),
      run("web", "node", "-e", program),
      file("db/4.sql", "sql"),
    ];
    const files = {
      "db/1.sql": "CREATE TABLE guest (name text);\n",
      "db/2.sql.gz": gzipSync("INSERT INTO guest SELECT 'packed' FROM generate_series(1, 100000)"),
      "db/3.sh": `#!/bin/bash\nset -u\npsql -qU "$POSTGRES_USER" -c "INSERT INTO guest VALUES ('$(echo from bash)')"\n`,
      "db/4.sql": "INSERT INTO guest SELECT 'sum ' || count(*) FROM guest;",
    };
    const wish = await wishOf(world, postgres, parts, [web]);
    const others = "SELECT name FROM guest WHERE name <> 'packed' ORDER BY 1";
    expect(await printed(world, { its: postgres, wish, files }, psql(others))).toBe("from bash\nsum 100001");
    const filters = { label: [`dev.mayfly.server=${world.server}`] };
    expect(await world.docker.listNetworks({ filters }), "the builder's network is gone").toEqual([]);
  });

  test("is restored from pg_dump's custom format, whatever its name says", async () => {
    const sql = "CREATE TABLE guest (name text); INSERT INTO guest SELECT 'g' || n FROM generate_series(1, 500) n;";
    const first = {
      its: postgres,
      wish: await wishOf(world, postgres, [file("a.sql", "sql")]),
      files: { "a.sql": sql },
    };
    const dump = Buffer.from(
      await printed(world, first, "pg_dump -h 127.0.0.1 -U shop -Fc -f /tmp/dump shop && base64 /tmp/dump"),
      "base64",
    );
    const made = {
      its: postgres,
      wish: await wishOf(world, postgres, [file("prod.sql.gz", "sql.gz")]),
      files: { "prod.sql.gz": gzipSync(dump) },
    };
    expect(await printed(world, made, psql("SELECT count(*) FROM guest"))).toBe("500");
    const twice = await wishOf(world, postgres, [file("a.dump", "dump"), file("b.dump", "dump")]);
    expect(await failureOf(world, twice, { "a.dump": dump, "b.dump": dump })).toMatchObject({
      code: "seed-failed",
      what: `b.dump could not be loaded into db: relation "guest" already exists`,
    });
  });

  test.each<[string, SeedPart[], Record<string, string | Buffer>, RegExp]>([
    [
      "a packed file",
      [file("a.sql.gz", "sql.gz")],
      { "a.sql.gz": gzipSync("SELECT 1;\nSELECT nope;\n") },
      /^a\.sql\.gz:2 could not be loaded into db: column "nope" does not exist$/,
    ],
    [
      "half a packed file",
      [file("a.sql.gz", "sql.gz")],
      { "a.sql.gz": gzipSync(Buffer.from(Array.from({ length: 9000 }, (_, n) => n % 251))).subarray(0, 200) },
      /^a\.sql\.gz is not a whole gzip file: /,
    ],
    [
      "a script",
      [file("a.sh", "shell")],
      { "a.sh": "echo before\nls /nowhere\necho after\n" },
      /^a\.sh could not be loaded into db: it ended with code 2: ls: cannot access '\/nowhere'/,
    ],
    [
      "a program",
      [run("web", "sh", "-c", "echo migrating; echo 'error: no such table' >&2; exit 7")],
      {},
      /^`echo migrating; .*` in web exited with code 7.*: error: no such table$/,
    ],
  ])("says which part failed, and why: %s", async (_what, parts, files, what) => {
    const failure = await failureOf(world, await wishOf(world, postgres, parts, [web]), files);
    expect(failure).toMatchObject({ code: "seed-failed", what: expect.stringMatching(what) });
  });
});

describe("MariaDB", () => {
  const client = (sql: string) =>
    `MYSQL_PWD="$MARIADB_ROOT_PASSWORD" mariadb --protocol=tcp -h 127.0.0.1 -uroot -N shop -e "${sql}" 2>/dev/null`;

  test("is filled from SQL and packed SQL, with procedures, and its last statement open", async () => {
    const procedure = "CREATE PROCEDURE greet() BEGIN INSERT INTO guest VALUES ('ada 🌱'); END//";
    const files = {
      "1.sql": `CREATE TABLE guest (name text);\nDELIMITER //\n${procedure}\n`,
      "2.sql.gz": gzipSync("CALL greet();\nINSERT INTO guest VALUES ('grace')"),
    };
    const wish = await wishOf(world, mariadb, [file("1.sql", "sql"), file("2.sql.gz", "sql.gz")]);
    const shown = await printed(world, { its: mariadb, wish, files }, client("SELECT name FROM guest ORDER BY 1"));
    expect(shown).toBe("ada 🌱\ngrace");
  });

  test.each<[string, string]>([
    ["INSERT INTO gest VALUES (1);\nSELECT 1;", "a.sql:3 could not be loaded into db: Table 'shop.gest' doesn't exist"],
    [
      "INSERT INTO guest VALUES ('never closed);",
      "a.sql:3 could not be loaded into db: a quote or a comment is open at its end",
    ],
  ])("says the file, the line and its own words: %s", async (statement, what) => {
    const files = { "a.sql": `CREATE TABLE guest (name text);\n\n${statement}` };
    const failure = await failureOf(world, await wishOf(world, mariadb, [file("a.sql", "sql")]), files);
    expect(failure).toMatchObject({ code: "seed-failed", service: "db", what });
  });
});

describe("Redis", () => {
  test("starts with a dump, with and without its append-only file, and a script adds to it", async () => {
    const script = { "fill.sh": "redis-cli -e set guest ada\nredis-cli -e set n 1\n" };
    const first = { its: redis(), wish: await wishOf(world, redis(), [file("fill.sh", "shell")]), files: script };
    const dump = Buffer.from(await printed(world, first, "base64 dump.rdb"), "base64");
    for (const options of [[], ["--appendonly", "yes"], ["--requirepass", "p w", "--dbfilename", "other.rdb"]]) {
      const its = redis(...options);
      const auth = options.includes("--requirepass") ? "REDISCLI_AUTH='p w' " : "";
      const files = { "seed/dump.rdb": dump, "more.sh": `${auth}redis-cli -e incr n\n` };
      const wish = await wishOf(world, its, [file("seed/dump.rdb", "rdb"), file("more.sh", "shell")]);
      expect(await printed(world, { its, wish, files }, `${auth}redis-cli -e mget guest n`)).toBe("ada\n2");
    }
  });

  test("tells what is no dump, and a broken one in its own words", async () => {
    const wish = () => wishOf(world, redis(), [file("a.rdb", "rdb")]);
    expect(await failureOf(world, await wish(), { "a.rdb": "SELECT 1" })).toMatchObject({
      what: "a.rdb is no Redis dump: it does not begin with REDIS",
    });
    expect(await failureOf(world, await wish(), { "a.rdb": "REDIS0012 and then" })).toMatchObject({
      code: "seed-failed",
      service: "cache",
      what: expect.stringMatching(/^a\.rdb could not be loaded into cache: .*(RDB|rdb|read)/),
      logTail: expect.arrayContaining([expect.stringMatching(/RDB|rdb/)]),
    });
  });
});
