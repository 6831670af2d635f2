import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditEntry } from "../../src/domain/audit.ts";
import type { SnapshotView } from "../../src/domain/snapshot.ts";
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
    depends_on:
      db: { condition: service_healthy }
  db:
    image: postgres:17
    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: secret, POSTGRES_DB: shop }
    volumes: [ "pgdata:/var/lib/postgresql/data" ]
volumes:
  pgdata:
`;
const manifest = "data:\n  db: { seed: [ { source: nightly }, extra.sql ] }\n";
const extra = "CREATE TABLE extra (n int);\n";

const rawEmail = (n: number) => `person${n}@raw-${n}.example.org`;
const rawName = (n: number) => `Ada ${n} Rawsworth`;
/** Last night's dump of production. */
function people(count: number, column = ""): string {
  const rows = Array.from({ length: count }, (_, n) => {
    const more = column === "" ? "" : `\t+49 170 ${1_000_000 + n}`;
    return `${n}\t${rawEmail(n)}\t${rawName(n)}${more}`;
  });
  const more = column === "" ? "" : `, ${column}`;
  return [
    `CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, name text${column === "" ? "" : `, ${column} text`});`,
    `COPY users (id, email, name${more}) FROM stdin;`,
    ...rows,
    "\\.",
    "",
  ].join("\n");
}

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({
    files: miniShop({ compose, files: { ".mayfly.yaml": manifest, "extra.sql": extra } }),
    config: {
      sources: {
        nightly: {
          command: "test -e slow && sleep 60; cat people.sql",
          sensitive: true,
          mask: { users: { id: "keep", email: "email", name: "name" } },
          repositories: [repository],
        },
      },
    },
  });
  writePeople(people(1000));
});
afterAll(() => endScenario(scenario));

const writePeople = (text: string) => writeFileSync(join(scenario.folder, "people.sql"), text);
const ready = (slug: string) =>
  scenario.seen(slug, ({ phase, newest }) => phase === "ready" && newest?.phase === "ready", 240_000);
const run = (...args: string[]) =>
  cli(args, { environment: { MAYFLY_SERVER: scenario.mayfly.url, MAYFLY_API_TOKEN: scenario.mayfly.token } });

async function databaseOf(slug: string): Promise<string> {
  const { key } = (await scenario.mayfly.show(slug))!;
  const label = [`dev.mayfly.server=${scenario.serverId}`, `dev.mayfly.preview=${key}`, "dev.mayfly.service=db"];
  return (await scenario.docker.listContainers({ filters: { label } }))[0]?.Id ?? "none";
}

async function ask(slug: string, sql: string): Promise<string> {
  const signal = AbortSignal.timeout(20_000);
  const command = ["psql", "-U", "shop", "-Atqc", sql];
  const { lines } = await execute({ docker: scenario.docker, clock }, await databaseOf(slug), { command, signal });
  return lines.join("\n");
}

/** What is on the engine beside previews: by what their names say that they are. */
async function made(): Promise<{ raw: string[]; editions: string[]; snapshots: string[] }> {
  const filters = { label: [`dev.mayfly.server=${scenario.serverId}`] };
  const { Volumes } = await scenario.docker.listVolumes({ filters });
  const containers = await scenario.docker.listContainers({ all: true, filters });
  const names = [...Volumes.map(({ Name }) => Name), ...containers.map(({ Names }) => Names[0]!.slice(1))];
  const of = (start: string) => names.filter((name) => name.startsWith(start) && !name.includes("."));
  const raw = names.filter((name) => name.startsWith("mayfly-source-") && name.includes("."));
  return { raw, editions: of("mayfly-source-"), snapshots: of("mayfly-snapshot-") };
}

describe("a source", () => {
  test("is read and masked for the first preview that names it, and of 1,000 raw values none is in what the preview holds", async () => {
    tellOnFailure(scenario);
    await scenario.open({ branch: "one", files: { "web/page.txt": "one" } });
    await ready("shop-pr-1");
    expect(await ask("shop-pr-1", "SELECT count(*), count(DISTINCT email) FROM users")).toBe("1000|1000");
    expect(await ask("shop-pr-1", "SELECT count(*) FROM extra")).toBe("0");

    const archive = (await scenario.docker
      .getContainer(await databaseOf("shop-pr-1"))
      .getArchive({ path: "/var/lib/postgresql/data" })) as Readable;
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    const files = Buffer.concat(chunks).toString("latin1").toLowerCase();
    expect(files.length).toBeGreaterThan(20_000_000);
    expect(files, "the masked ones are there").toContain("@example.com");
    const raw = Array.from({ length: 500 }, (_, n) => [rawEmail(n), rawName(n)]).flat();
    expect(raw).toHaveLength(1000);
    expect(raw.filter((value) => files.includes(value.toLowerCase()))).toEqual([]);
    expect(await made()).toMatchObject({ raw: [], editions: [expect.any(String)], snapshots: [expect.any(String)] });
  });

  test("is refreshed under use: a preview keeps its branch, a new one gets the new data", async () => {
    tellOnFailure(scenario);
    await ask("shop-pr-1", "INSERT INTO users VALUES (9999, 'bob@example.net', 'Bob')");
    writePeople(people(1200));
    const refreshed = await run("snapshot", "refresh", "nightly");
    expect(refreshed).toMatchObject({ code: 0, out: "nightly was read; new previews get its new data.\n" });
    const newest = await eventually(
      async () => {
        const snapshots = JSON.parse((await run("snapshot", "ls", "--json")).out) as SnapshotView[];
        expect(snapshots.filter(({ kind }) => kind === "snapshot").map((each) => each.newest)).toContain(false);
        return snapshots.find(({ kind, newest: isNewest }) => kind === "snapshot" && isNewest)!;
      },
      { timeoutMs: 60_000 },
    );
    expect(newest.cause).toBe("nightly was read anew");

    await scenario.open({ branch: "two", files: { "web/page.txt": "two" } });
    await ready("shop-pr-2");
    expect(await ask("shop-pr-2", "SELECT count(*) FROM users")).toBe("1200");
    expect(await ask("shop-pr-1", "SELECT count(*) FROM users")).toBe("1001");
    const held = await run("snapshot", "rm", newest.id);
    expect(held).toMatchObject({ code: 1, err: expect.stringContaining("is read by shop-pr-2") });
    const audit = await scenario.mayfly.api<AuditEntry[]>("/api/audit?limit=20");
    const told = audit.filter(({ action }) => ["source-read", "snapshot-build"].includes(action));
    const { rules } = await scenario.mayfly.api<SourceView>("/api/snapshots/nightly");
    const from = `nightly in postgres:17 by rules ${rules}`;
    expect(told.map(({ via, actor, outcome, detail }) => `${via} ${actor.kind} ${outcome} ${detail}`)).toEqual([
      expect.stringMatching(
        `^mayfly mayfly done [0-9a-f-]+ of ${repository}, db, nightly was read anew: from ${from} `,
      ),
      expect.stringMatching(`^cli token done ${from}, .*: edition mayfly-source-`),
      expect.stringMatching(`^mayfly mayfly done [0-9a-f-]+ of ${repository}, db, for shop-pr-1: from ${from} `),
      expect.stringMatching(`^mayfly mayfly done ${from}, .*: edition mayfly-source-`),
    ]);
  });

  test("with a column that nobody named is not published, and what it gave before goes on", async () => {
    tellOnFailure(scenario);
    writePeople(people(1300, "phone"));
    const { code, err } = await run("snapshot", "refresh", "nightly");
    expect(code).toBe(1);
    expect(err).toContain("nightly is sensitive, and its mask says nothing of users.phone");
    const source = await scenario.mayfly.api<SourceView>("/api/snapshots/nightly");
    expect(source.read).toMatchObject({ failure: { code: "mask-incomplete" }, doneAt: expect.any(Number) });
    expect(source.editions.filter(({ replacedAt }) => replacedAt === null)).toHaveLength(1);
    expect((await made()).raw).toEqual([]);
    await scenario.open({ branch: "three", files: { "web/page.txt": "three" } });
    await ready("shop-pr-3");
    expect(await ask("shop-pr-3", "SELECT count(*) FROM users")).toBe("1200");
  });

  test("leaves nothing raw when Mayfly is killed in any stage of it", async () => {
    tellOnFailure(scenario);
    const { mayfly, folder } = scenario;
    writePeople(people(1400));
    for (const stage of ["read", ".raw.db", ".check.db"]) {
      if (stage === "read") writeFileSync(join(folder, "slow"), "");
      await mayfly.api("/api/snapshots/nightly/refresh", { method: "POST" });
      await eventually(
        async () => {
          const { raw, editions } = await made();
          expect(stage === "read" ? editions.length > 1 : raw.some((name) => name.endsWith(stage))).toBe(true);
        },
        { timeoutMs: 60_000, everyMs: 20 },
      );
      rmSync(join(folder, "slow"), { force: true });
      await mayfly.kill();
      await mayfly.start();
      await eventually(async () => expect(await made()).toMatchObject({ raw: [], editions: [expect.any(String)] }), {
        timeoutMs: 30_000,
      });
    }
    expect(await run("snapshot", "refresh", "nightly")).toMatchObject({ code: 0 });
    expect(await ask("shop-pr-3", "SELECT count(*) FROM users"), "its branch is its own").toBe("1200");
  });

  test("is not given to a fork, and its pull request is told", async () => {
    tellOnFailure(scenario);
    const fork = await scenario.github.fork({ repo: repository, owner: "mallory" });
    await scenario.github.push({ repo: fork, branch: "gift", files: { "web/page.txt": "gift" }, author: "mallory" });
    const head = "mallory:gift";
    const number = await scenario.github.openPullRequest({
      repo: repository,
      head,
      title: "A gift",
      author: "mallory",
    });
    const slug = `shop-pr-${number}`;
    await scenario.seen(slug, ({ phase }) => phase === "blocked");
    await scenario.github.comment({
      repo: repository,
      number,
      author: "bob",
      body: `/allow ${(await scenario.github.pull(repository, number)).head.sha}`,
    });
    const { newest } = await scenario.seen(slug, ({ phase }) => phase === "failed");
    expect(newest?.failure).toMatchObject({
      code: "source-missing",
      what: "the source nightly is not given to a fork's pull request",
      where: ".mayfly.yaml:2:17",
    });
    await eventually(async () => expect(await scenario.comment(number)).toContain("forks: allow"), {
      timeoutMs: 20_000,
    });
  });
});
