import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byItself } from "../../src/domain/audit.ts";
import { EngineError, type Failure } from "../../src/domain/errors.ts";
import type { Source } from "../../src/domain/source.ts";
import { wishEdition } from "../../src/domain/source.ts";
import { loadServerConfig } from "../../src/config/server.ts";
import { createEditions, type Editions } from "../../src/data/source/editions.ts";
import type { Disk } from "../../src/engine/disk.ts";
import { eventually } from "../support/eventually.ts";
import { service } from "../support/stack.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
let folder: string;
const reads: [string, Failure | null][] = [];
const opened: Editions[] = [];
beforeAll(async () => {
  world = await createWorld();
  folder = mkdtempSync(join(tmpdir(), "mayfly-editions-"));
});
afterAll(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]();
  for (const { volume } of world.store.editions.all()) await world.docker.getVolume(volume).remove();
  rmSync(folder, { recursive: true });
  await world[Symbol.asyncDispose]();
});

const db = service("db", { image: { kind: "pull", reference: "postgres:17" } });
const plain: Source = {
  name: "nightly",
  from: { kind: "command", command: "echo 'SELECT 1;'" },
  image: null,
  sensitive: false,
  mask: null,
  refresh: null,
  repositories: null,
  forks: false,
  timeoutMs: 30_000,
  mostBytes: 1024 ** 3,
};

/** People as last night's dump has them, owners and all. */
const people = `-- as somebody's own tool writes it
CREATE TABLE public.users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name text, plan text);
ALTER TABLE public.users OWNER TO shop;
CREATE TABLE public.orders (id bigint PRIMARY KEY, user_email text NOT NULL REFERENCES public.users (email), note text);
GRANT SELECT ON TABLE public.users TO reader;
COPY public.users (id, email, name, plan) FROM stdin;
${Array.from({ length: 1500 }, (_, n) => `${n}\tperson${n}@secret-${n}.example.org\tAda Raw${n} Lovelace\t${n % 2 ? "free" : "paid"}`).join("\n")}
\\.
COPY public.orders (id, user_email, note) FROM stdin;
${Array.from({ length: 1500 }, (_, n) => `${n}\tperson${n}@secret-${n}.example.org\tcall ${n} back on +49 170 ${1_000_000 + n}`).join("\n")}
\\.
`;
const rules = (mask: string, more = ""): Partial<Source> => {
  const text = `sources: { nightly: { file: ${join(folder, "people.sql")}, sensitive: true, mask: ${mask}, ${more} } }`;
  const { sources } = loadServerConfig({
    path: "/etc/mayfly/server.yaml",
    text,
    environment: {},
    readFile: () => null,
  });
  return sources[0]!;
};
const whole =
  "{ users: { id: keep, email: email, name: name, plan: keep }, orders: { id: keep, user_email: email, note: text } }";

function editionsOf(changes: Partial<Source>, disk?: Disk) {
  const source = { ...plain, ...changes };
  const editions = createEditions({
    ...world.host,
    randomId: (length) => randomBytes(length).toString("hex").slice(0, length),
    sources: [source],
    rows: world.store.editions,
    disk,
    place: { folder, environment: { PATH: process.env["PATH"] } },
    masking: { salt: "of the tests", memoryBytes: 1024 ** 3, imageOf: async (reference) => reference },
    onEnd: () => undefined,
    onRead: (name, failure) => reads.push([name, failure]),
  });
  opened.push(editions);
  const wish = wishEdition(source, db)!;
  const why = { cause: "by the schedule", asker: byItself };
  return { editions, wish, make: () => editions.renew(wish, why) };
}

const never = new AbortController().signal;

async function textOf(editions: Editions, key: string): Promise<string> {
  const edition = await editions.find(key);
  await using open = await editions.open(edition!, never);
  const chunks: Buffer[] = [];
  for await (const chunk of open.content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("a source's edition", () => {
  test("is what its command prints, of any size, and told in the audit", async () => {
    const { editions, wish, make } = editionsOf({ from: { kind: "command", command: "seq 1 4000000" } });
    expect(await make()).toBeNull();
    const text = await textOf(editions, wish.key);
    expect(text.length).toBe(30_888_896);
    expect(text.endsWith("3999999\n4000000\n")).toBe(true);
    expect(await editions.find(wish.key)).toMatchObject({
      source: "nightly",
      facts: { form: "sql", bytes: 30_888_896 },
    });
    expect(world.store.audit.list({ limit: 1 })).toMatchObject([
      {
        action: "source-read",
        outcome: "done",
        detail: expect.stringMatching(/^nightly, by the schedule: edition mayfly-source-/),
      },
    ]);
    expect((await world.left()).filter((name) => name.includes("source"))).toHaveLength(1);
  });

  test.each([
    ["gzip", gzipSync("SELECT 'packed';\n"), "sql"],
    ["zstd", zstdCompressSync("SELECT 'packed';\n"), "sql"],
    ["gzip of pg_dump's own format", gzipSync("PGDMP…"), "dump"],
  ])("is unpacked from %s and recognized by what is in it, whatever its name", async (_, bytes, form) => {
    writeFileSync(join(folder, "dump.bin"), bytes);
    const { editions, wish, make } = editionsOf({ from: { kind: "file", path: join(folder, "dump.bin") } });
    expect(await make()).toBeNull();
    expect(await textOf(editions, wish.key)).toMatch(/^SELECT 'packed';\n$|^PGDMP…$/);
    expect((await editions.find(wish.key))?.facts.form).toBe(form);
  });

  test.each([
    ["false", {}, "its command ended with exit code 1", null],
    ["echo to nobody >&2; exit 3", {}, "its command ended with exit code 3", "to nobody"],
    ["true", {}, "its command printed nothing", null],
    ["yes | head -c 20000", { mostBytes: 10_000 }, "it is larger than its max_size", null],
    ["head -c 200000 /dev/zero | gzip", { mostBytes: 10_000 }, "it is larger than its max_size", null],
    ["echo hello | gzip | head -c 20", {}, "it cannot be unpacked: unexpected end of file", null],
    ["printf BZh91AY", {}, "it is compressed by bzip2: end the command in | bzip2 -d", null],
    ["cat missing | gzip", {}, "its command ended with exit code 1", "cat: missing: No such file or directory"],
    [
      "printf -- '--\\n-- PostgreSQL database dump\\n--\\nSELECT 1;\\n' | gzip",
      {},
      'it is cut off: the last line of pg_dump, "-- PostgreSQL database dump complete", is missing',
      null,
    ],
    ["sleep 60 & wait", { timeoutMs: 500 }, "it was not done after 0.5 s", null],
  ])("of a command that does not give it is told, and nothing is left: %s", async (command, changes, why, words) => {
    const { editions, wish, make } = editionsOf({ from: { kind: "command", command }, ...changes });
    const before = await world.left();
    expect(await make()).toMatchObject({ code: "source-failed", what: `the source nightly gave no data: ${why}` });
    expect(await editions.find(wish.key)).toBeNull();
    expect(await world.left()).toEqual(before);
    const { failure } = world.store.editions.readOf("nightly") ?? {};
    expect(failure?.words).toBe(words);
    expect(reads.at(-1)).toMatchObject(["nightly", { code: "source-failed" }]);
    expect(world.store.audit.list({ limit: 1 })).toMatchObject([{ action: "source-read", outcome: "failed" }]);
  });

  test("ends before it fills the disk that previews' databases are on, and leaves nothing", async () => {
    const shortage = async (what: string) => new EngineError("disk-full", `0 B are free while ${what}`);
    const command = "while true; do echo x; sleep 0.1; done";
    const { make } = editionsOf({ from: { kind: "command", command } }, { require: async () => undefined, shortage });
    const before = await world.left();
    const what = "0 B are free while the source nightly was being read";
    expect(await make()).toMatchObject({ code: "disk-full", what });
    expect(world.store.editions.readOf("nightly")).toMatchObject({ failure: { code: "disk-full", what } });
    expect(await world.left()).toEqual(before);
  });

  test("is masked in databases that nobody reaches, and holds none of 1,000 raw values of a column", async () => {
    writeFileSync(join(folder, "people.sql"), people);
    const { editions, wish, make } = editionsOf(rules(whole));
    expect(await make()).toBeNull();
    const text = await textOf(editions, wish.key);
    const { facts } = (await editions.find(wish.key)) ?? {};
    expect(facts).toMatchObject({ form: "sql", searched: expect.any(Number) });
    expect(facts?.searched).toBeGreaterThan(2500);
    expect(facts?.coverage).toContain("users: id kept, email masked (email), name masked (name), plan kept");
    const raw = Array.from({ length: 1000 }, (_, n) => [`person${n}@secret-${n}`, `Raw${n} `]).flat();
    expect(raw.filter((value) => text.includes(value))).toEqual([]);
    expect(text).toMatch(/^0\t\S+@example\.com\t/m);
    expect((await world.left()).filter((name) => /raw|check/.test(name))).toEqual([]);
  });

  test.each([
    [
      whole.replace(", plan: keep", ""),
      "nightly is sensitive, and its mask says nothing of users.plan: nothing of it is published",
    ],
    [
      whole.replace("note: text", "note: { constant: person7@secret-7.example.org }"),
      "nightly was masked, but a value of users.email is in",
    ],
  ])("stops where its mask does not hold, and leaves nothing: %s", async (mask, what) => {
    writeFileSync(join(folder, "people.sql"), people);
    const { editions, wish, make } = editionsOf(rules(mask));
    const failure = await make();
    expect(failure?.what.replace("orders.user_email", "users.email")).toContain(what);
    // Of a value that was found not a letter is told to others than the operator.
    expect(JSON.stringify(failure)).not.toContain("pe…g");
    expect(await editions.find(wish.key)).toBeNull();
    expect((await world.left()).filter((name) => /raw|check/.test(name))).toEqual([]);
  });

  test("is not taken for whole where its server stopped to read it", async () => {
    // psql 17 does so after an empty statement behind a COPY.
    const text = "CREATE TABLE a (n int);\nCOPY a FROM stdin;\n1\n\\.\n;\nCREATE TABLE b (n int);\n";
    writeFileSync(join(folder, "people.sql"), text);
    const { make } = editionsOf(rules("{ a: keep }"));
    expect((await make())?.what).toBe("the source nightly could not be loaded to be masked: its end was not reached");
  });

  test("that cannot be loaded is told without a value of it", async () => {
    writeFileSync(
      join(folder, "people.sql"),
      `CREATE TABLE a (n int);\nINSERT INTO a VALUES ('an "ada@example.org" does not exist');\n`,
    );
    const { make } = editionsOf(rules('{ "*": keep }'));
    const failure = await make();
    const what = "invalid input syntax for type integer, line 2 of what it gave";
    expect(failure?.what).toBe(`the source nightly could not be loaded to be masked: ${what}`);
    expect(JSON.stringify([failure, world.store.editions.readOf("nightly")])).not.toContain("ada@");
  });

  test("is not read for more than three versions of a database because pull requests name them", async () => {
    const { editions, wish } = editionsOf({ ...rules(whole), from: { kind: "command", command: "sleep 20" } });
    await editions.sweep(() => false);
    const before = await world.left();
    const ask = (version: number) =>
      editions.request(
        { ...wish, key: `of-${version}`, image: `postgres:${version}` },
        { preview: "7-1", generation: version },
      );
    for (const version of [14, 15, 16]) expect(await ask(version)).toMatchObject({ state: "building" });
    await expect(ask(17)).rejects.toMatchObject({
      code: "source-failed",
      message:
        "the source nightly is read for postgres:14, postgres:15, postgres:16 already, and for no more databases: not for postgres:17",
      hint: expect.stringContaining("sources: { nightly: { image: postgres:17 } }"),
    });
    expect(await ask(16)).toMatchObject({ state: "building" });
    editions.release("7-1");
    await eventually(async () => expect(await world.left()).toEqual(before));
  });

  test("is read once for all who ask, and a failed reading leaves the one there is", async () => {
    writeFileSync(join(folder, "good.sql"), "SELECT 1;\n");
    const from = { kind: "command", command: "echo x >> reads; sleep 0.3; cat good.sql" } as const;
    const { editions, wish, make } = editionsOf({ from });
    const asked = ["7-1", "7-2"].map((preview) => editions.request(wish, { preview, generation: 1 }));
    expect(await Promise.all(asked)).toEqual([
      { state: "building", isNews: true },
      { state: "building", isNews: true },
    ]);
    expect(await make()).toBeNull();
    expect(await editions.request(wish, { preview: "7-1", generation: 1 })).toMatchObject({
      state: "ready",
      isNews: true,
    });
    const first = await editions.find(wish.key);
    rmSync(join(folder, "good.sql"));
    expect(await make()).toMatchObject({ code: "source-failed" });
    expect(await editions.find(wish.key)).toEqual(first);
    writeFileSync(join(folder, "good.sql"), "SELECT 2;\n");
    expect(await make()).toBeNull();
    expect(await textOf(editions, wish.key)).toBe("SELECT 2;\n");
    await editions.sweep(() => true);
    const volumes = world.store.editions.all().filter(({ key }) => key === wish.key);
    expect(volumes).toHaveLength(1);
    expect(await world.left()).toContain(volumes[0]?.volume);
    expect(await world.left()).not.toContain(first?.volume);
    await expect(editions.open(first!, never)).rejects.toMatchObject({ code: "source-failed", retry: "backoff" });
    expect(await world.docker.listVolumes({ filters: { name: [first!.volume] } })).toMatchObject({ Volumes: [] });
  });
});
