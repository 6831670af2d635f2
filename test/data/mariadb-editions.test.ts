import { randomBytes } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byItself } from "../../src/domain/audit.ts";
import { type Source, wishEdition } from "../../src/domain/source.ts";
import { loadServerConfig } from "../../src/config/server.ts";
import { createEditions, type Editions } from "../../src/data/source/editions.ts";
import { maskingMariadb } from "../../src/data/source/database/mariadb.ts";
import { startScratch } from "../../src/data/source/scratch.ts";
import { mariadbCommand } from "../../src/data/seed/mariadb.ts";
import type { Running } from "../../src/data/seed/tool.ts";
import { service } from "../support/stack.ts";
import { people } from "./mask/people.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
let folder: string;
const opened: Editions[] = [];
beforeAll(async () => {
  world = await createWorld();
  folder = mkdtempSync(join(tmpdir(), "mayfly-mariadb-"));
});
afterAll(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]();
  for (const { volume } of world.store.editions.all()) await world.docker.getVolume(volume).remove();
  rmSync(folder, { recursive: true });
  await world[Symbol.asyncDispose]();
});

const db = service("db", { image: { kind: "pull", reference: "mariadb:11" } });
const never = new AbortController().signal;
const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** Last night's dump, as mariadb-dump writes it: a database of its own, rows together, makers that are nowhere else. */
const shop = `/*M!999999\\- enable the sandbox mode */ 
-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)
CREATE DATABASE \`shop\`;
USE \`shop\`;
SET NAMES utf8mb4;
SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO';
CREATE TABLE \`users\` (id bigint AUTO_INCREMENT PRIMARY KEY, email varchar(120) NOT NULL UNIQUE, name varchar(80) CHARACTER SET utf16, photo blob,
  profile json, handle varchar(140) AS (concat(email, '!')) STORED) ENGINE=InnoDB;
CREATE TABLE \`orders\` (id bigint PRIMARY KEY, user_email varchar(120) NOT NULL, note text, at datetime(6), place point,
  FOREIGN KEY (user_email) REFERENCES users (email)) ENGINE=InnoDB;
CREATE TABLE \`log\` (line text) ENGINE=Aria;
INSERT INTO \`users\` (id, email, name, photo, profile) VALUES ${people(1000)
  .map(({ email, name }, n) => {
    const profile = JSON.stringify({ email, said: `"${name}"` });
    return `(${n + 1},${quote(email)},${quote(name)},x'${Buffer.from(name).toString("hex")}',${quote(profile)})`;
  })
  .join(",")};
INSERT INTO \`orders\` VALUES ${people(1000)
  .map(
    ({ email, phone }, n) =>
      `(${n},${quote(email)},${quote(`ring\n${phone}`)},'2024-05-06 07:08:09.123456',POINT(1, 2))`,
  )
  .join(",")};
INSERT INTO \`log\` VALUES ('person-1@mail.wonderland.org came'), ('and went');
DELIMITER ;;
CREATE DEFINER=\`app\`@\`10.%\` TRIGGER noted BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = concat(NEW.note, '?') ;;
CREATE DEFINER=\`app\`@\`10.%\` PROCEDURE total() SELECT count(*) FROM orders ;;
DELIMITER ;
CREATE DEFINER=\`app\`@\`10.%\` SQL SECURITY DEFINER VIEW buyers AS SELECT u.id, count(*) AS orders FROM users u JOIN orders o ON o.user_email = u.email GROUP BY u.id;
-- Dump completed on 2026-11-21  3:00:00
`;
const mask = `{ users: { id: keep, email: email, name: name, photo: hash, profile: { json: { email: email } } },
  orders: { id: keep, user_email: email, note: text, at: { shift: 9d }, place: keep }, log: truncate }`;

function editionsOf(written: string, dump: string | Buffer) {
  writeFileSync(join(folder, "shop.sql"), dump);
  const text = `sources: { nightly: { file: ${join(folder, "shop.sql")}, sensitive: true, ${written} } }`;
  const place = { path: "/etc/mayfly/server.yaml", environment: {}, readFile: () => null };
  const [source] = loadServerConfig({ ...place, text }).sources as [Source];
  const editions = createEditions({
    ...world.host,
    randomId: (length) => randomBytes(length).toString("hex").slice(0, length),
    sources: [source],
    rows: world.store.editions,
    disk: undefined,
    place: { folder, environment: {} },
    masking: { salt: "of the tests", memoryBytes: 1024 ** 3, imageOf: async (reference) => reference },
    onEnd: () => undefined,
    onRead: () => undefined,
  });
  opened.push(editions);
  const wish = wishEdition(source, db)!;
  return { editions, wish, make: () => editions.renew(wish, { cause: "by the schedule", asker: byItself }) };
}

async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

describe("a masked source of MariaDB", () => {
  test("holds none of its raw values in its dump and in a database's files, and joins hold", async () => {
    const { editions, wish, make } = editionsOf(`mask: ${mask}`, gzipSync(shop));
    expect(await make()).toBeNull();
    const { facts, volume } = (await editions.find(wish.key))!;
    expect(facts).toMatchObject({ form: "sql", coverage: expect.arrayContaining(["log: emptied"]) });
    expect(facts.searched).toBeGreaterThan(3000);
    await using open = await editions.open({ ...wish, volume, facts } as never, never);
    const dump = await bytesOf(open.content);
    const text = dump.toString();
    expect(text).not.toMatch(/DEFINER=|Dump completed on|wonderland/i);
    expect(text.match(/^INSERT INTO `users`.*@example\.com/gm)).toHaveLength(1000);

    const scratch = { name: world.name("look"), labels: { "dev.mayfly.server": world.server }, source: "nightly" };
    const wanted = { ...scratch, imageId: "mariadb:11", memoryBytes: 1024 ** 3 };
    await using other = await startScratch(world.host, wanted, never);
    await other.database.tool.load(other.running, { name: "x", head: dump, content: pieces(dump) });
    const command = (sql: string) => [
      "sh",
      "-c",
      'MYSQL_PWD=$MYSQL_ROOT_PASSWORD exec mariadb -uroot -N mayfly -e "$1"',
      "sh",
      sql,
    ];
    const ask = async (sql: string) => (await other.running.execute({ command: command(sql) })).lines.join("\n");
    expect(await ask("SELECT count(*), sum(orders) FROM buyers")).toBe("1000\t1000");
    expect(
      await ask(
        "SELECT count(*) FROM users WHERE handle = concat(email, '!') AND json_value(profile, '$.email') = email",
      ),
    ).toBe("1000");
    expect(
      await ask(
        "INSERT INTO orders SELECT 2000, email, 'new', now(6), POINT(1, 1) FROM users LIMIT 1; SELECT note FROM orders WHERE id = 2000; CALL total()",
      ),
    ).toBe("new?\n1001");
    expect(await ask("INSERT INTO users (email) VALUES ('new'); SELECT max(id) FROM users")).toBe("1001");
    await other.stop();
    const files = (await bytesOf(other.archive())).toString("latin1").toLowerCase();
    expect(files.length).toBeGreaterThan(100_000_000);
    expect(files).toContain("@example.com");
    // Every raw value has one of these in it, as UTF-8, as UTF-16 or in hexadecimal.
    const marks = ["mail.wonderland.org", "o'læce"];
    const written = marks.flatMap((mark) => [
      mark,
      Buffer.from(mark, "utf16le").swap16(),
      Buffer.from(mark).toString("hex"),
    ]);
    expect(written.filter((mark) => files.includes(Buffer.from(mark).toString("latin1").toLowerCase()))).toEqual([]);
    expect((await world.left()).filter((name) => /[.](raw|check)/.test(name))).toEqual([]);
  });

  test("stops where a raw value stands in what is kept, and leaves nothing", async () => {
    const { editions, wish, make } = editionsOf(`mask: ${mask.replace("log: truncate", "log: keep")}`, shop);
    const failure = await make();
    expect(failure?.what).toMatch(/^nightly was masked, but a value of \S+ is in log.line, line \d+/);
    expect(JSON.stringify(failure)).not.toContain("wonderland");
    expect(await editions.find(wish.key)).toBeNull();
    await editions.sweep(() => false);
    expect((await world.left()).filter((name) => name.includes("source"))).toEqual([]);
  });
});

describe("raw data for MariaDB", () => {
  /** A server that answers so to each program in turn. */
  const answering = (...answers: { exitCode: number; lines: string[] }[]) => {
    const told: string[][] = [];
    const execute: Running["execute"] = async ({ command, input }) => {
      told.push(command);
      if (input !== undefined) await Array.fromAsync(input);
      return answers[told.length - 1] ?? { exitCode: 0, lines: [] };
    };
    return { told, running: { service: "nightly", environment: new Map<string, string>(), command: [], execute } };
  };
  const load = (running: Running, form: "sql" | "dump" = "sql") =>
    maskingMariadb.loadRaw(running, { form, content: pieces(Buffer.from("SELECT 1;")) }, "nightly");
  const answer = (...lines: string[]) => ({ exitCode: 0, lines });
  const loaded = answer("mayfly: seed committed");

  test.each([
    [
      "ERROR 1366 (22007) at line 2: Incorrect value: 'ada@example.org'",
      "the database refused it with ERROR 1366 (22007) at line 2",
    ],
    ["mariadb: unknown option", "its end was not reached"],
  ])("that is refused is told without a value: %s", async (line, what) => {
    await expect(load(answering({ exitCode: 1, lines: [line] }).running)).rejects.toMatchObject({
      code: "source-failed",
      message: `the source nightly could not be loaded to be masked: ${what}`,
    });
  });

  test("is one database, whatever its name", async () => {
    const { running, told } = answering(loaded, answer("shop"));
    expect(await load(running)).toBe("shop");
    expect(told[2]).toContain("--database=shop");
    expect(await load(answering(loaded).running)).toBe("mayfly");
    await expect(load(answering(loaded, answer("a", "b")).running)).rejects.toThrow(
      "it holds several databases: a, b. Dump one of them",
    );
    await expect(load(answering().running, "dump")).rejects.toThrow("it is a dump of Postgres");
  });

  test("is asked for by MySQL's names of its programs where the image has no others", async () => {
    const [shell = "", ...words] = mariadbCommand("mariadb-dump", ["--events", "shop"]);
    for (const name of ["mysqldump", "mariadb-dump"]) {
      writeFileSync(join(folder, name), `#!/bin/sh\necho "$MYSQL_PWD: ${name} $*"\n`, { mode: 0o755 });
      const environment = { PATH: folder, MYSQL_ROOT_PASSWORD: "secret" };
      const { stdout } = spawnSync(`/bin/${shell}`, words, { env: environment, encoding: "utf8" });
      expect(stdout).toBe(`secret: ${name} --events shop --user=root\n`);
    }
  });
});

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
