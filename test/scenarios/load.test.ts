import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { labels } from "../../src/domain/labels.ts";
import { eventually } from "../support/eventually.ts";
import { startLoad } from "../support/load.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

/** A page that reads its rows, and the database that has them. */
const compose = `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    depends_on: { db: { condition: service_healthy } }
  db:
    image: postgres:17
    restart: unless-stopped
    environment: { POSTGRES_PASSWORD: shop }
    volumes: ["pgdata:/var/lib/postgresql/data"]
    healthcheck: { test: ["CMD-SHELL", "pg_isready -U postgres -h 127.0.0.1"], interval: 1s }
volumes: { pgdata: }
`;
/** Steps that take as long as anybody's: a newer push finds them under way. */
const dockerfile = 'FROM node:24\nCOPY . /app\nRUN sleep 2\nCMD ["node", "/app/server.js"]\n';
const shop = (page: string) => miniShop({ page, compose, dockerfile });

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: shop("first"), config: { defaults: { freeze_after: "1s" } } });
});
afterAll(() => endScenario(scenario));

const verb = (slug: string, name: string) => scenario.mayfly.api(`/api/previews/${slug}/${name}`, { method: "POST" });
const containers = (key: string) => {
  const label = [`${labels.server}=${scenario.serverId}`, `${labels.preview}=${key}`, `${labels.kind}=service`];
  return scenario.docker.listContainers({ all: true, filters: { label } });
};
const states = async (key: string) => [...new Set((await containers(key)).map(({ State }) => State))].join();
const query = async (key: string, sql: string): Promise<string> => {
  const db = (await containers(key)).find(({ Labels }) => Labels[labels.service] === "db");
  const Cmd = ["psql", "-U", "postgres", "-Atc", sql];
  const exec = await scenario.docker.getContainer(db?.Id ?? "").exec({ Cmd, AttachStdout: true, Tty: true });
  let text = "";
  for await (const chunk of await exec.start({ Tty: true })) text += String(chunk);
  return text.trim();
};

test("a storm of twenty pushes in ten seconds loses no request: the last one wins, after two builds at most, in one comment", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const number = await scenario.open({ branch: "storm", files: shop("0") });
  const { slug, url, key } = await scenario.seen(`shop-pr-${number}`, ({ phase }) => phase === "ready");
  await query(key, "CREATE TABLE mine AS SELECT 42 AS row");
  const built = () => readFileSync(mayfly.logFile, "utf8").split('"msg":"build ended"').length - 1;
  const before = built();
  const load = startLoad(mayfly, url);
  let commit = "";
  for (let push = 1; push <= 20; push++) {
    const next = pause(500);
    commit = await scenario.push({ branch: "storm", files: { "web/page.txt": `${push}\n` } });
    await next;
  }
  await scenario.serving(slug, commit);
  expect((await mayfly.visit(url)).body).toMatch(/^20 at/);
  await eventually(async () => expect(await containers(key)).toHaveLength(2), { timeoutMs: 60_000 });
  const { failed, requests } = await load.end();
  expect(failed).toEqual([]);
  expect(requests).toBeGreaterThan(100);
  expect(built() - before).toBeLessThanOrEqual(2);
  await eventually(async () => expect(await scenario.comment(number)).toContain(commit.slice(0, 7)));
  expect(await query(key, "SELECT row FROM mine")).toBe("42");
});

test("frozen and woken, again and again, under bursts of visitors: no request fails", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const { url, key } = await scenario.seen("shop-pr-1", ({ serving }) => serving !== null);
  for (let round = 1; round <= 3; round++) {
    await eventually(async () => expect(await states(key)).toBe("paused"), { timeoutMs: 30_000 });
    const load = startLoad(mayfly, url);
    await eventually(() => expect(load.answered()).toBeGreaterThan(20), { timeoutMs: 20_000 });
    expect((await load.end()).failed).toEqual([]);
  }
});

test("told to sleep while it is visited it is woken again at once, and stopped it is woken by a burst: no request fails", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const { slug, url, key } = await scenario.seen("shop-pr-1", ({ serving }) => serving !== null);
  const busy = startLoad(mayfly, url);
  for (let round = 1; round <= 3; round++) {
    const answered = busy.answered();
    const said = await verb(slug, "sleep").catch((error: unknown) => String(error));
    if (typeof said === "string" && !said.includes("it sleeps already")) throw new Error(said);
    await eventually(() => expect(busy.answered()).toBeGreaterThan(answered + 20), { timeoutMs: 40_000 });
  }
  expect((await busy.end()).failed).toEqual([]);
  // The last word may have been heeded behind the last visitor, who was answered before.
  expect((await mayfly.visit(url)).status).toBe(200);
  await scenario.seen(slug, ({ asleep }) => asleep !== "stopped");
  await verb(slug, "sleep");
  await eventually(async () => expect(await states(key)).toBe("exited"), { timeoutMs: 40_000 });
  const load = startLoad(mayfly, url);
  await eventually(() => expect(load.answered()).toBeGreaterThan(20), { timeoutMs: 40_000 });
  expect((await load.end()).failed).toEqual([]);
});

test("after three pushes, a sleep, a wake, and the end of its database, the next request gets its own row", async () => {
  tellOnFailure(scenario);
  const { mayfly, docker } = scenario;
  const { slug, url, key } = await scenario.seen("shop-pr-1", ({ serving }) => serving !== null);
  for (const page of ["one", "two", "three"])
    await scenario.serving(slug, await scenario.push({ branch: "storm", files: { "web/page.txt": `${page}\n` } }));
  await verb(slug, "sleep");
  await eventually(async () => expect(await states(key)).toBe("exited"), { timeoutMs: 40_000 });
  expect((await mayfly.visit(url)).body).toMatch(/^three at/);
  const db = (await containers(key)).find(({ Labels }) => Labels[labels.service] === "db");
  await docker.getContainer(db?.Id ?? "").kill();
  expect((await mayfly.visit(url)).status).toBe(200);
  await eventually(async () => expect(await query(key, "SELECT row FROM mine")).toBe("42"), { timeoutMs: 20_000 });
});
