import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SourceView } from "../../src/domain/source.ts";
import { execute } from "../../src/engine/exec.ts";
import { mayfly as cli } from "../cli/spawned.ts";
import { clock } from "../engine/world.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const compose = `services:
  web:
    build: web
    ports: ["3000:3000"]
    depends_on: [db]
  db:
    image: mariadb:11
    environment: { MARIADB_ROOT_PASSWORD: secret, MARIADB_DATABASE: shop }
    volumes: [ "mysql:/var/lib/mysql" ]
volumes:
  mysql:
`;
const manifest = "data:\n  db: { source: members }\n";

const rawEmail = (n: number) => `Person${n}@raw-${n}.example.org`;
const rawName = (n: number) => `Ada ${n} "Countess" O'Rawsworth`;
const quote = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
/** Last night's dump of production: a view of somebody who is nowhere else, and orders that are joined by e-mail. */
function members(count: number, column = ""): Buffer {
  const each = (row: (n: number) => string) => Array.from({ length: count }, (_, n) => `(${row(n)})`).join(",\n");
  const more = column === "" ? "" : `, ${column} varchar(40) DEFAULT '+49 170 1234567'`;
  const sql = `-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)
CREATE TABLE \`users\` (\`id\` int PRIMARY KEY, \`email\` varchar(100) UNIQUE, \`name\` text${more}) ENGINE=InnoDB;
CREATE TABLE \`orders\` (\`id\` int PRIMARY KEY, \`email\` varchar(100), FOREIGN KEY (\`email\`) REFERENCES \`users\` (\`email\`));
INSERT INTO \`users\` (\`id\`, \`email\`, \`name\`) VALUES ${each((n) => `${n},${quote(rawEmail(n))},${quote(rawName(n))}`)};
INSERT INTO \`orders\` VALUES ${each((n) => `${n},${quote(rawEmail(n))}`)};
CREATE DEFINER=\`app\`@\`10.0.0.%\` SQL SECURITY DEFINER VIEW \`buyers\` AS SELECT u.id, o.id AS o FROM users u JOIN orders o ON o.email = u.email;
-- Dump completed on 2026-11-21  3:00:00
`;
  return gzipSync(sql);
}

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({
    files: miniShop({ compose, files: { ".mayfly.yaml": manifest } }),
    config: {
      sources: {
        members: {
          file: "members.sql.gz",
          sensitive: true,
          mask: { users: { id: "keep", email: "email", name: "name" }, orders: { id: "keep", email: "email" } },
          repositories: [repository],
        },
      },
    },
  });
  write(members(500));
});
afterAll(() => endScenario(scenario));

const write = (dump: Buffer) => writeFileSync(join(scenario.folder, "members.sql.gz"), dump);
const run = (...args: string[]) =>
  cli(args, { environment: { MAYFLY_SERVER: scenario.mayfly.url, MAYFLY_API_TOKEN: scenario.mayfly.token } });

async function databaseOf(slug: string): Promise<string> {
  const { key } = (await scenario.mayfly.show(slug))!;
  const label = [`dev.mayfly.server=${scenario.serverId}`, `dev.mayfly.preview=${key}`, "dev.mayfly.service=db"];
  return (await scenario.docker.listContainers({ filters: { label } }))[0]?.Id ?? "none";
}

async function ask(slug: string, sql: string): Promise<string> {
  const signal = AbortSignal.timeout(20_000);
  const command = ["mariadb", "--user=root", "--password=secret", "--skip-column-names", "--batch", "shop", "-e", sql];
  const { lines } = await execute({ docker: scenario.docker, clock }, await databaseOf(slug), { command, signal });
  return lines.join("\n");
}

/** What of a source is on the engine beside whole editions. */
async function raw(): Promise<string[]> {
  const filters = { label: [`dev.mayfly.server=${scenario.serverId}`] };
  const { Volumes } = await scenario.docker.listVolumes({ filters });
  const containers = await scenario.docker.listContainers({ all: true, filters });
  const names = [...Volumes.map(({ Name }) => Name), ...containers.map(({ Names }) => Names[0]!.slice(1))];
  return names.filter((name) => name.startsWith("mayfly-source-") && name.includes("."));
}

describe("a source of MariaDB", () => {
  test("is masked for the first preview that names it: of 1,000 raw values none is in its files, and joins hold", async () => {
    tellOnFailure(scenario);
    await scenario.open({ branch: "one", files: { "web/page.txt": "one" } });
    await scenario.seen("shop-pr-1", ({ phase }) => phase === "ready", 300_000);
    expect(await ask("shop-pr-1", "SELECT count(*), count(DISTINCT email) FROM users")).toBe("500\t500");
    expect(await ask("shop-pr-1", "SELECT count(*) FROM buyers WHERE id = o")).toBe("500");
    const archive = (await scenario.docker
      .getContainer(await databaseOf("shop-pr-1"))
      .getArchive({ path: "/var/lib/mysql" })) as Readable;
    const files = Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>))
      .toString("latin1")
      .toLowerCase();
    expect(files.length).toBeGreaterThan(20_000_000);
    expect(files, "the masked ones are there").toContain("@example.com");
    // What is in each of the 1,000, and in nothing else.
    const isRaw = /person\d+@raw-\d+\.example\.org|"countess" o\\?'rawsworth/;
    const values = Array.from({ length: 500 }, (_, n) => [rawEmail(n), rawName(n)]).flat();
    expect(values.filter((value) => isRaw.test(value.toLowerCase()))).toHaveLength(1000);
    expect(isRaw.exec(files)).toBeNull();
    expect(await raw()).toEqual([]);
  });

  test("with a column that nobody named is not published, and what it gave before goes on", async () => {
    tellOnFailure(scenario);
    write(members(600, "phone"));
    const { code, err } = await run("snapshot", "refresh", "members");
    expect(code).toBe(1);
    expect(err).toContain("members is sensitive, and its mask says nothing of users.phone");
    expect(await raw()).toEqual([]);
    const source = await scenario.mayfly.api<SourceView>("/api/snapshots/members");
    expect(source.read).toMatchObject({ failure: { code: "mask-incomplete" }, doneAt: expect.any(Number) });
    expect(source.editions).toMatchObject([{ replacedAt: null }]);
  });

  test("leaves nothing raw when Mayfly is killed while raw data is loaded, and is refreshed afterwards", async () => {
    tellOnFailure(scenario);
    const { mayfly } = scenario;
    write(members(700));
    await mayfly.api("/api/snapshots/members/refresh", { method: "POST" });
    const loading = async () => expect((await raw()).some((name) => name.endsWith(".raw.db"))).toBe(true);
    await eventually(loading, { timeoutMs: 60_000, everyMs: 20 });
    await mayfly.kill();
    await mayfly.start();
    await eventually(async () => expect(await raw()).toEqual([]), { timeoutMs: 30_000 });
    expect(await run("snapshot", "refresh", "members")).toMatchObject({ code: 0 });
    const { out } = await run("snapshot", "show", "members");
    expect(out).toMatch(/members-\w+ in mariadb:11/);
    expect(out).toMatch(/searched +1\d{3} raw values, none found/);
  });

  test("is refused for Redis, and its pull request is told", async () => {
    tellOnFailure(scenario);
    const cached = compose
      .replace("mariadb:11", "redis:8")
      .replace("/var/lib/mysql", "/data")
      .replace(/ {4}environment:.*\n/, "");
    await scenario.open({ branch: "redis", files: { "compose.yaml": cached } });
    const { newest } = await scenario.seen("shop-pr-2", ({ phase }) => phase === "failed");
    expect(newest?.failure?.what).toBe(
      "the source members cannot be loaded into db, which is no Postgres, MariaDB or MySQL",
    );
  });
});
