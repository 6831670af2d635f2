import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCollector, maskingIn, type RawValue } from "../../../src/data/mask/collect.ts";
import { refuseLeaks, searchFiles } from "../../../src/data/mask/leaks.ts";
import { planMask } from "../../../src/data/mask/plan.ts";
import { catalogQuery, pgDumpOptions, readCatalog } from "../../../src/data/mask/postgres/catalog.ts";
import { maskPostgresDump } from "../../../src/data/mask/postgres/mask-dump.ts";
import { searchPostgresDump } from "../../../src/data/mask/postgres/search-dump.ts";
import { createSearch, type Search } from "../../../src/data/mask/search.ts";
import { readArchive } from "../../../src/engine/archive-files.ts";
import { createWorld, type World } from "../../engine/world.ts";
import { eventually } from "../../support/eventually.ts";
import { oddSchema } from "./odd-schema.ts";
import { people, rawSchema } from "./people.ts";
import { rules, run, salt, textOf } from "./world.ts";

const written = rules(
  ["*", "email", "email"],
  ["users", "name", "name"],
  ["users", "phone", "phone"],
  ["users", "born", { kind: "shift", days: 300 }],
  ["users", "code", "hash"],
  [
    "users",
    "profile",
    {
      kind: "json",
      keys: [
        { key: "email", masking: { kind: "email" } },
        { key: "land", masking: { kind: "keep" } },
      ],
    },
  ],
  ["users", "aliases", "email"],
  ["users", "seen_at", { kind: "shift", days: 3 }],
  ["users", "address", "hash"],
  ["users", "token", "null"],
  ["orders", "user_code", "hash"],
  ["orders", "ship_to", "address"],
  ["orders", "comment", "text"],
  ["orders", "amount", { kind: "number", from: 1, to: 500 }],
  ["sessions"],
  ["*", "*", "keep"],
);

let world: World;
const started: (() => Promise<unknown>)[] = [];
let raw: Database;
let masked: Database;
let dump: string;
let search: Search;
let values: RawValue[];

beforeAll(async () => {
  world = await createWorld();
  [raw, masked] = await Promise.all([start("raw"), start("masked")]);
  await raw.psql(rawSchema());
  const columns = readCatalog((await raw.psql(catalogQuery)).trim());
  const plan = planMask({ source: { name: "nightly", sensitive: true }, rules: written, columns, salt });
  const collector = createCollector(maskingIn(plan));
  dump = await textOf(maskPostgresDump(raw.dump(), plan, collector));
  await masked.psql(dump);
  await masked.psql("CHECKPOINT");
  values = collector.values();
  search = createSearch(values);
});
afterAll(async () => {
  for (const remove of started) await remove();
  await world[Symbol.asyncDispose]();
});

describe("a masked database", () => {
  test("has the same rows, joined as before, and every constraint holds", async () => {
    const count = `SELECT count(*), count(DISTINCT u.code), count(DISTINCT u.email), count(DISTINCT u.phone), count(o.id)
      FROM users u LEFT JOIN orders o ON o.user_code = u.code AND o.email = u.email`;
    expect(await masked.psql(count)).toBe(await raw.psql(count));
    expect(await masked.psql("SELECT count(*) FROM users")).toBe("1200");
    expect(await masked.psql("SELECT count(*) FROM pg_constraint WHERE NOT convalidated")).toBe("0");
    expect(await masked.psql("SELECT count(*) FROM totals")).toBe("3");
    expect(await masked.psql("SELECT count(*) FROM sessions")).toBe("0");
    expect(await masked.psql("SELECT nextval('users_id_seq')")).toBe("1201");
  });

  test("knows a person by the same address everywhere, and by another than before", async () => {
    const one = `SELECT u.email = lower(u.email), u.email = o.email, u.email = u.profile->'contact'->>'email', u.email = u.aliases[1],
      u.mail_domain, o.placed_in FROM users u JOIN orders o ON o.user_code = u.code WHERE u.id = 7 ORDER BY o.id LIMIT 1`;
    expect(await masked.psql(one)).toBe("t|t|t|t|example.com|2023");
    const rows = await masked.psql(
      "SELECT name, email, phone, born, profile->>'land', token IS NULL FROM users WHERE id = 7",
    );
    const [name, email, phone, born, land, isNull] = rows.split("|");
    const [person] = people(8).slice(7);
    expect([name, email, phone, born]).not.toContain(person?.name);
    expect(email).toMatch(/@example\.com$/);
    expect(phone).toMatch(/^\+999/);
    expect(born).not.toBe(person?.born);
    expect([land, isNull]).toEqual(["GB", "t"]);
  });

  test("shows none of more than 1,000 raw values, neither dumped nor in its files", async () => {
    expect(values.length).toBeGreaterThan(5000);
    expect(await searchPostgresDump(search, masked.dump())).toEqual([]);
    expect(await searchFiles(search, masked.files())).toEqual([]);
    const leaks = await searchFiles(search, raw.files());
    expect(leaks.length, "the search finds them where they are").toBe(20);
  });

  test("is refused where one raw value stands in a kept column, a dead row, the log of changes or the server's log", async () => {
    const email = values.find(({ column }) => column === "users.email")?.text ?? "";
    await masked.psql(`INSERT INTO notes (body) VALUES ('call ${email.toUpperCase()} now')`);
    await masked.psql("CHECKPOINT");
    const dumped = await searchPostgresDump(search, masked.dump());
    expect(dumped).toEqual([
      {
        column: "users.email",
        where: expect.stringMatching(/^public\.notes\.body, line \d+ of the masked dump$/),
        hint: `pe…g (${email.length} characters)`,
      },
    ]);
    expect(() => refuseLeaks("nightly", dumped)).toThrow(
      expect.objectContaining({
        code: "raw-data-found",
        message: expect.stringContaining(
          "nightly was masked, but a value of users.email is in public.notes.body, line",
        ),
        cause: expect.objectContaining({ message: expect.stringContaining("a value of users.email, pe…g") }),
        logTail: [],
      }),
    );
    await masked.psql(`DELETE FROM notes WHERE body LIKE 'call%'`);
    await masked.psql(`SELECT 'see ${email}' FROM missing`).catch(() => undefined);
    expect(await searchPostgresDump(search, masked.dump())).toEqual([]);
    const where = (await searchFiles(search, masked.files())).map((leak) => leak.where.replace(/, byte.*/, ""));
    expect(where).toContainEqual(expect.stringMatching(/\/base\/\d+\/\d+$/));
    expect(where).toContainEqual(expect.stringMatching(/\/pg_wal\/[0-9A-F]{24}$/));
    expect(where).toContainEqual(expect.stringMatching(/\/server\.log$/));
  });
});

test("what a schema may hold comes out as it went in, but for passwords, comments and large objects", async () => {
  await Promise.all([raw, masked].map((database) => database.psql("CREATE DATABASE odd")));
  await raw.psql(oddSchema, "odd");
  const columns = readCatalog(await raw.psql(catalogQuery, "odd"));
  const plan = planMask({ source: { name: "odd", sensitive: true }, rules: rules(["*", "*", "keep"]), columns, salt });
  const collector = createCollector(maskingIn(plan));
  const passed = await textOf(maskPostgresDump(raw.dump("odd"), plan, collector));
  expect(passed).not.toContain("hunter2");
  await masked.psql(passed, "odd");
  const dumped = async (database: Database) =>
    (await textOf(maskPostgresDump(database.dump("odd"), plan, collector))).split("\n");
  expect(await dumped(masked)).toEqual(await dumped(raw));
  expect(await masked.psql("SELECT count(*) FROM parent", "odd")).toBe("2");
});

type Database = Awaited<ReturnType<typeof start>>;

async function start(name: string) {
  const container = await world.docker.createContainer({
    name: world.name(name),
    Image: world.images.postgres,
    Cmd: [
      "postgres",
      "-c",
      "logging_collector=on",
      "-c",
      "log_directory=.",
      "-c",
      "log_filename=server.log",
      "-c",
      "fsync=off",
    ],
    Labels: { "dev.mayfly.server": world.server },
    Env: ["POSTGRES_PASSWORD=secret", "PGDATA=/var/lib/postgresql/data", "POSTGRES_INITDB_ARGS=--no-sync"],
    HostConfig: { NetworkMode: "none" },
  });
  started.push(() => container.remove({ force: true, v: true }));
  await container.start();
  const psql = (sql: string, database = "postgres") =>
    textOf(
      run(
        container.id,
        ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres", "-d", database, "-f", "-"],
        sql,
      ),
    ).then((text) => text.trim());
  await eventually(() => psql("SELECT 1"), { timeoutMs: 100_000 });
  return {
    psql,
    dump: (database = "postgres") =>
      run(container.id, ["pg_dump", "-h", "127.0.0.1", "-U", "postgres", ...pgDumpOptions, database]),
    async *files() {
      const archive = await container.getArchive({ path: "/var/lib/postgresql/data" });
      yield* readArchive(Readable.from(archive));
    },
  };
}
