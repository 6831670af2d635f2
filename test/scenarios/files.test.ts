import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execute } from "../../src/engine/exec.ts";
import { clock } from "../engine/world.ts";
import { eventually } from "../support/eventually.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

/** Nothing is built: all that runs is bound. */
const compose = `services:
  web:
    image: node:24
    command: [node, /app/server.js]
    user: "1000:1000"
    read_only: true
    tmpfs: [/run, /tmp]
    ports: ["3000:3000"]
    volumes:
      - ./app:/app:ro
      - /app/cache
      - ./current/site.conf:/etc/site.conf:ro
      - ./notes:/notes
    configs: [motd]
    secrets: [{ source: password, mode: 0444 }]
  reader:
    image: node:24
    command: [node, /app/reader.js]
    volumes: ["./app:/app:ro", "./notes:/seen:ro"]
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: shop }
    volumes: ["./pgdata:/var/lib/postgresql/data", "./db:/docker-entrypoint-initdb.d:ro"]
configs:
  motd: { content: "number \${MAYFLY_PR_NUMBER}" }
secrets:
  password: { file: ./dev/password.txt }
`;

const server = `const http = require("node:http");
const { readFileSync, writeFileSync } = require("node:fs");
const attempt = (work) => { try { work(); return "written"; } catch (error) { return error.code; } };
http.createServer(async (request, response) => {
  if (request.url === "/write") writeFileSync("/notes/first.txt", "by a reviewer");
  const read = (path) => readFileSync(path, "utf8").trim();
  const reader = await fetch("http://reader:3001" + request.url).then((answer) => answer.text(), () => "away");
  response.end(JSON.stringify({
    conf: read("/etc/site.conf"), motd: read("/motd"), password: read("/run/secrets/password"),
    notes: read("/notes/first.txt"), reader, readOnly: attempt(() => writeFileSync("/app/x", "")),
  }));
}).listen(3000);
process.on("SIGTERM", () => process.exit(0));
`;
const reader = `const { readFileSync } = require("node:fs");
require("node:http").createServer((request, response) => {
  response.end(readFileSync("/seen/first.txt", "utf8").trim());
}).listen(3001);
process.on("SIGTERM", () => process.exit(0));
`;

const shop = (change: Record<string, string> = {}): Record<string, string> => ({
  "compose.yaml": compose,
  "app/server.js": server,
  "app/reader.js": reader,
  "releases/1/site.conf": "first conf",
  "current/site.conf": "first conf",
  "notes/first.txt": "as committed",
  "db/init.sql": "CREATE TABLE cart (id int); INSERT INTO cart VALUES (1);",
  "dev/password.txt": "not so s3cret",
  ...change,
});

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: shop() });
});
afterAll(() => endScenario(scenario));

type Seen = { conf: string; motd: string; password: string; notes: string; reader: string; readOnly: string };

async function look(slug: string, path = "/"): Promise<Seen> {
  const { url } = (await scenario.mayfly.show(slug))!;
  return JSON.parse((await scenario.mayfly.visit(`${url}${path}`)).body) as Seen;
}

async function containerOf(slug: string, service: string): Promise<string> {
  const { key } = (await scenario.mayfly.show(slug))!;
  const label = [
    `dev.mayfly.preview=${key}`,
    `dev.mayfly.service=${service}`,
    `dev.mayfly.server=${scenario.serverId}`,
  ];
  const found = await scenario.docker.listContainers({ filters: { label } });
  expect(found).toHaveLength(1);
  return found[0]!.Id;
}

async function carts(slug: string): Promise<string> {
  const command = ["psql", "-U", "postgres", "-Atc", "SELECT count(*) FROM cart"];
  const signal = AbortSignal.timeout(20_000);
  const host = { docker: scenario.docker, clock };
  return (await execute(host, await containerOf(slug, "db"), { command, signal })).lines.join("\n");
}

const open = async (branch: string, files = shop()) => {
  const slug = `shop-pr-${await scenario.open({ branch, files })}`;
  await scenario.seen(slug, ({ phase }) => phase === "ready");
  return slug;
};

describe("a stack that binds all that it runs", () => {
  const seen: Seen = {
    conf: "first conf",
    motd: "number 1",
    password: "not so s3cret",
    notes: "as committed",
    reader: "as committed",
    readOnly: "EROFS",
  };

  test("has its files, configs and secret files, read only where it says so", async () => {
    tellOnFailure(scenario);
    const slug = await open("bound");
    expect(await look(slug)).toEqual(seen);
    expect(await carts(slug)).toBe("1");
    await eventually(
      async () => expect(await scenario.comment(1)).toContain("a volume of the preview, kept across pushes"),
      { timeoutMs: 10_000 },
    );
  });

  test("shares what it writes among its services, and with no other preview", async () => {
    tellOnFailure(scenario);
    const written = { notes: "by a reviewer", reader: "by a reviewer" };
    await look("shop-pr-1", "/write");
    expect(await look("shop-pr-1")).toEqual({ ...seen, ...written });
    const other = await open("other");
    expect(await look(other)).toEqual({ ...seen, motd: "number 2" });
    expect(await look("shop-pr-1")).toEqual({ ...seen, ...written });
  });

  test("is made anew where a push changes a bound file, and keeps the data in paths that are not in the repository", async () => {
    tellOnFailure(scenario);
    const db = await containerOf("shop-pr-1", "db");
    const commit = await scenario.push({ branch: "bound", files: shop({ "current/site.conf": "second conf" }) });
    await scenario.serving("shop-pr-1", commit);
    expect(await look("shop-pr-1")).toEqual({ ...seen, conf: "second conf" });
    expect(await containerOf("shop-pr-1", "db")).toBe(db);
    await eventually(
      async () => {
        const comment = await scenario.comment(1);
        expect(comment).toMatch(/`web` \| new files/);
        expect(comment).toMatch(/`reader` \| unchanged/);
        expect(comment).toMatch(/`db` \| kept, with its data/);
      },
      { timeoutMs: 10_000 },
    );
  });

  test("keeps its database when an init script changes, says so, and runs it on new data", async () => {
    tellOnFailure(scenario);
    const db = await containerOf("shop-pr-1", "db");
    const two = "CREATE TABLE cart (id int); INSERT INTO cart VALUES (1), (2);";
    const commit = await scenario.push({ branch: "bound", files: shop({ "db/init.sql": two }) });
    await scenario.serving("shop-pr-1", commit);
    expect(await containerOf("shop-pr-1", "db")).toBe(db);
    expect(await carts("shop-pr-1")).toBe("1");
    // Its files outlive the deployment that made it.
    await scenario.docker.getContainer(db).restart({ t: 5 });
    await eventually(async () => expect(await carts("shop-pr-1")).toBe("1"), { timeoutMs: 20_000 });
    await eventually(
      async () => expect(await scenario.comment(1)).toContain("db changed: db ran it when its data was made"),
      { timeoutMs: 10_000 },
    );
    const { generation } = (await scenario.mayfly.show("shop-pr-1"))!.serving!;
    await scenario.github.comment({ repo: repository, number: 1, author: "bob", body: "/reset" });
    await scenario.seen("shop-pr-1", ({ serving }) => (serving?.generation ?? 0) > generation);
    // The one before it goes only now.
    await eventually(async () => expect(await carts("shop-pr-1")).toBe("2"), { timeoutMs: 20_000 });
  });

  test("leaves nothing when it goes", async () => {
    tellOnFailure(scenario);
    for (const number of [1, 2]) await scenario.github.close({ repo: repository, number, author: "ann" });
    for (const slug of ["shop-pr-1", "shop-pr-2"]) await scenario.seen(slug, ({ phase }) => phase === "gone");
    expect(await scenario.objects()).toEqual([]);
  });
});
