import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { labels } from "../../src/domain/labels.ts";
import { openBrowser } from "../../demo/browser.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

/** Of 64 KiB each: 400 MB. */
const blocks = 6400;

/** A page that needs its database, takes bodies, keeps sockets, and is slow to start when it is asked to be. */
const server = `const http = require("node:http");
const { execFileSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const page = require("node:fs").readFileSync("/app/page.txt", "utf8").trim();
const started = Date.now();
let pid = 0;
const server = http.createServer((request, response) => {
  if (request.method === "POST") {
    let size = 0;
    request.on("data", (chunk) => (size += chunk.length));
    request.on("end", () => response.end("took " + size));
    return;
  }
  if (request.url === "/big") {
    let left = ${blocks};
    const more = () => {
      while (left-- > 0) if (!response.write(Buffer.alloc(65536, 120))) return response.once("drain", more);
      response.end();
    };
    return more();
  }
  response.setHeader("content-type", "text/html");
  response.end("<title>" + page + "</title><p>" + page + " since " + started);
});
server.on("upgrade", (request, socket) => {
  const key = createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + key.digest("base64") + "\\r\\n\\r\\n");
  socket.on("data", () => socket.write(Buffer.from([0x81, 2, 0x68, 0x69])));
  socket.on("error", () => {});
});
setTimeout(() => server.listen(3000, "0.0.0.0"), Number(process.env.BOOT_MS));
process.on("SIGTERM", () => process.exit(0));
`;

const compose = `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    depends_on: { db: { condition: service_healthy }, once: { condition: service_completed_successfully } }
    environment: { BOOT_MS: "2500" }
  once:
    image: postgres:17
    restart: "no"
    depends_on: { db: { condition: service_healthy } }
    environment: { PGPASSWORD: shop }
    command: ["psql", "-h", "db", "-U", "postgres", "-c", "CREATE TABLE IF NOT EXISTS runs (at int); INSERT INTO runs VALUES (1)"]
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: shop }
    volumes: ["pgdata:/var/lib/postgresql/data"]
    healthcheck: { test: ["CMD-SHELL", "pg_isready -U postgres -h 127.0.0.1"], interval: 1s }
volumes: { pgdata: }
`;

const files = miniShop({ server, compose, page: "the shop" });

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files, config: { defaults: { freeze_after: "2s", stop_after: "1h" } } });
});
afterAll(() => endScenario(scenario));

const verb = (slug: string, name: string) => scenario.mayfly.api(`/api/previews/${slug}/${name}`, { method: "POST" });
const states = async (key: string): Promise<string[]> => {
  const label = [`${labels.server}=${scenario.serverId}`, `${labels.preview}=${key}`, `${labels.kind}=service`];
  const all = await scenario.docker.listContainers({ all: true, filters: { label } });
  return all.map(({ Labels, State }) => `${Labels[labels.service]} ${State}`).toSorted();
};
/** Whatever it is doing now, it is stopped after this. */
const stop = async (slug: string, key: string) => {
  await verb(slug, "sleep");
  await eventually(async () => expect(await states(key)).toEqual(["db exited", "once exited", "web exited"]), {
    timeoutMs: 30_000,
  });
};
/** When a service was started last, as the engine says. */
const startOf = async (key: string, service: string): Promise<string> => {
  const label = [`${labels.server}=${scenario.serverId}`, `${labels.preview}=${key}`, `${labels.service}=${service}`];
  const [found] = await scenario.docker.listContainers({ filters: { label } });
  return (await scenario.docker.getContainer(found?.Id ?? "none").inspect()).State.StartedAt;
};
/** What the database says. */
const query = async (key: string, sql: string): Promise<string> => {
  const label = [`${labels.server}=${scenario.serverId}`, `${labels.preview}=${key}`, `${labels.service}=db`];
  const [db] = await scenario.docker.listContainers({ filters: { label } });
  if (!db) throw new Error("there is no database");
  const Cmd = ["psql", "-U", "postgres", "-Atc", sql];
  const exec = await scenario.docker.getContainer(db.Id).exec({ Cmd, AttachStdout: true, Tty: true });
  let text = "";
  for await (const chunk of await exec.start({ Tty: true })) text += String(chunk);
  return text.trim();
};

test("what was never visited stands still, whoever crawls it; the first visit finds it as it was, at once; crawlers wake nothing", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const number = await scenario.open({ branch: "first", files });
  const slug = `shop-pr-${number}`;
  const { url, key } = await scenario.seen(slug, ({ phase }) => phase === "ready");
  const started = await startOf(key, "web");
  const robot = { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" };
  await eventually(
    async () => {
      await mayfly.visit(url, { headers: robot });
      expect(await mayfly.show(slug)).toMatchObject({ phase: "asleep", asleep: "frozen", lastVisitAt: null });
    },
    { timeoutMs: 20_000 },
  );
  await eventually(async () => expect(await states(key)).toEqual(["db paused", "once exited", "web paused"]), {
    timeoutMs: 10_000,
  });

  const unfurled = await mayfly.visit(url, { headers: { "user-agent": "Slackbot-LinkExpanding 1.0" } });
  expect([unfurled.status, unfurled.headers["retry-after"]]).toEqual([503, "60"]);
  expect(await states(key)).toContain("web paused");

  const startedAt = performance.now();
  const answer = await mayfly.visit(url);
  process.stdout.write(`frozen: ${Math.round(performance.now() - startedAt)} ms\n`);
  expect([answer.status, answer.body]).toEqual([200, expect.stringContaining("the shop since")]);
  expect(await startOf(key, "web")).toBe(started);
  expect(await states(key)).toEqual(["db running", "once exited", "web running"]);
  expect((await mayfly.show(slug))?.phase).toBe("ready");
});

test("400 MB up and 400 MB down pass through it in flat memory", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const { url } = await scenario.seen("shop-pr-1", ({ serving }) => serving !== null);
  const authorization = `Bearer ${mayfly.token}`;
  const resident = async (): Promise<number> => {
    const { body } = await mayfly.visit(`${mayfly.url}/metrics`, { headers: { authorization } });
    return Number(/^process_resident_memory_bytes (\S+)$/m.exec(body)?.[1]);
  };
  const to = { host: "127.0.0.1", port: mayfly.port, headers: { host: new URL(url).host } };
  const block = Buffer.alloc(65_536);
  const before = await resident();
  let most = 0;
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) most = Math.max(most, await resident());
  })();
  const up = request({ ...to, method: "POST" });
  Readable.from(Array.from({ length: blocks }, () => block)).pipe(up);
  const [taken] = (await once(up, "response")) as [IncomingMessage];
  expect(await text(taken)).toBe(`took ${blocks * block.length}`);
  const [given] = (await once(request({ ...to, path: "/big" }).end(), "response")) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of given as AsyncIterable<Buffer>) bytes += chunk.length;
  over.abort();
  await watching;
  expect(bytes).toBe(blocks * block.length);
  process.stdout.write(`resident: ${Math.round(before / 1e6)} MB before, ${Math.round(most / 1e6)} MB at most\n`);
  expect(before).toBeGreaterThan(10_000_000);
  expect(most - before).toBeLessThan(160_000_000);
});

test("what is stopped wakes for whoever comes: a browser watches it, a body and a WebSocket wait, a thousand wake it once", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const { url, key } = await scenario.seen("shop-pr-1", ({ serving }) => serving !== null);
  const slug = "shop-pr-1";
  await stop(slug, key);
  expect(await mayfly.show(slug)).toMatchObject({ phase: "asleep", asleep: "stopped" });

  const body = "x".repeat(3_000_000);
  const posted = await mayfly.visit(url, { method: "POST", body });
  expect([posted.status, posted.body]).toEqual([200, "took 3000000"]);
  expect(await query(key, "SELECT count(*) FROM runs")).toBe("1");

  await stop(slug, key);
  const socket = new WebSocket(`ws://127.0.0.1:${mayfly.port}/`, { headers: { host: new URL(url).host } });
  const said = await new Promise<string>((resolve, reject) => {
    socket.on("open", () => socket.send("hello")).on("error", reject);
    socket.on("message", (data: Buffer) => resolve(data.toString()));
  });
  expect(said).toBe("hi");
  socket.terminate();

  await stop(slug, key);
  const answers = await Promise.all(Array.from({ length: 1000 }, () => mayfly.visit(`${url}/`)));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(new Set(answers.map(({ body: text }) => text)).size).toBe(1);
  expect(await query(key, "SELECT count(*) FROM runs")).toBe("1");

  await stop(slug, key);
  await using browser = await openBrowser();
  const page = await browser.newPage();
  const loads: string[] = [];
  page.on("load", () => void page.title().then((title) => loads.push(title)));
  await page.goto(url);
  await page.getByRole("heading", { name: "Waking up" }).waitFor();
  await page.getByText("the shop since").waitFor({ timeout: 30_000 });
  expect(await page.title()).toBe("the shop");
});

test("an open WebSocket outlives being frozen: its next message wakes the preview", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const { url, key } = await scenario.seen("shop-pr-1", ({ serving }) => serving !== null);
  const socket = new WebSocket(`ws://127.0.0.1:${mayfly.port}/`, { headers: { host: new URL(url).host } });
  await new Promise((resolve, reject) => void socket.on("open", resolve).on("error", reject));
  await eventually(async () => expect(await states(key)).toContain("web paused"), { timeoutMs: 20_000 });
  const said = new Promise((resolve) => void socket.on("message", resolve));
  socket.send("hello");
  await said;
  // The engine tells a moment later than the application answers.
  await eventually(async () => expect(await states(key)).toContain("web running"), { timeoutMs: 10_000 });
  socket.terminate();
});

test("what is pinned wakes and stays awake, and /sleep says why it does not sleep", async () => {
  tellOnFailure(scenario);
  const { key } = await scenario.seen("shop-pr-1", ({ phase }) => phase === "asleep", 20_000);
  await verb("shop-pr-1", "pin");
  await eventually(async () => expect(await states(key)).toContain("web running"), { timeoutMs: 10_000 });
  await expect(verb("shop-pr-1", "sleep")).rejects.toThrow(/it is pinned/);
  await verb("shop-pr-1", "unpin");
});

test("a Mayfly that takes over leaves what sleeps asleep, and a request on its way is answered", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const { url, key } = await scenario.seen("shop-pr-1", ({ serving }) => serving !== null);
  await stop("shop-pr-1", key);
  const replaced = mayfly.replace();
  const during = mayfly.visit(url);
  expect(await replaced).toBe(0);
  expect((await during).status).toBe(200);
  await stop("shop-pr-1", key);
  await mayfly.kill();
  await mayfly.start();
  expect(await states(key)).toEqual(["db exited", "once exited", "web exited"]);
  expect((await mayfly.visit(url)).status).toBe(200);
});

test("somebody removes what is stopped: the next request gets its own rows", async () => {
  tellOnFailure(scenario);
  const { mayfly, docker } = scenario;
  const { url, key } = await scenario.seen("shop-pr-1", ({ serving }) => serving !== null);
  expect((await mayfly.visit(url)).status).toBe(200);
  await query(key, "CREATE TABLE mine AS SELECT 42 AS row");
  await stop("shop-pr-1", key);
  const label = [`${labels.server}=${scenario.serverId}`, `${labels.preview}=${key}`];
  for (const { Id } of await docker.listContainers({ all: true, filters: { label } }))
    await docker.getContainer(Id).remove();
  expect((await mayfly.visit(url)).status).toBe(200);
  expect(await query(key, "SELECT row FROM mine")).toBe("42");
});

test("a push to what sleeps is deployed beside it; who comes meanwhile is answered by what served before", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const { url, key } = await scenario.seen("shop-pr-1", ({ serving }) => serving !== null);
  const before = (await mayfly.visit(url)).body;
  await verb("shop-pr-1", "sleep");
  await eventually(async () => expect(await states(key)).toContain("web exited"), { timeoutMs: 30_000 });
  // It would take as long as it is given: whatever answers meanwhile did not wait for it.
  const endless = `FROM node:24\nRUN sleep 3600\nCOPY . /app\nCMD ["node", "/app/server.js"]\n`;
  await scenario.push({ branch: "first", files: { "web/Dockerfile": endless, "web/page.txt": "never built\n" } });
  await scenario.seen("shop-pr-1", ({ newest }) => newest?.phase === "building", 20_000);
  expect(await mayfly.show("shop-pr-1")).toMatchObject({ phase: "asleep" });
  const startedAt = performance.now();
  const meanwhile = await mayfly.visit(url);
  process.stdout.write(`stopped, while its build goes on: ${Math.round(performance.now() - startedAt)} ms\n`);
  expect([meanwhile.status, meanwhile.body]).toEqual([200, expect.stringContaining("the shop since")]);
  expect(before).toContain("the shop since");
  expect((await mayfly.show("shop-pr-1"))?.newest?.phase).toBe("building");
  expect((await mayfly.visit(url)).body).toBe(meanwhile.body);

  const commit = await scenario.push({
    branch: "first",
    files: { "web/Dockerfile": files["web/Dockerfile"]!, "web/page.txt": "the new shop\n" },
  });
  await scenario.serving("shop-pr-1", commit);
  expect((await mayfly.visit(url)).body).toContain("the new shop");
  expect(await query(key, "SELECT row FROM mine")).toBe("42");
});

test("what cannot wake says why, to who waits, on its page and in its state; each visit tries again", async () => {
  tellOnFailure(scenario);
  const { mayfly, docker } = scenario;
  const { url, key } = await scenario.seen("shop-pr-1", ({ serving }) => serving !== null);
  await stop("shop-pr-1", key);
  const label = [`${labels.server}=${scenario.serverId}`, `${labels.preview}=${key}`, `${labels.service}=web`];
  const [web] = await docker.listContainers({ all: true, filters: { label } });
  if (!web) throw new Error("there is no web");
  await docker.getContainer(web.Id).remove();
  await docker.getImage(web.ImageID).remove({ force: true });
  const failed = await mayfly.visit(url, { headers: { accept: "text/html" } });
  expect(failed.status).toBe(503);
  const told = "web cannot be started: its container and its image were removed from this host";
  await eventually(async () => expect((await mayfly.show("shop-pr-1"))?.reason).toBe(told), { timeoutMs: 20_000 });
  const page = await mayfly.visit(url);
  expect(page.status).toBe(503);
  expect(page.body).toContain(told);
  await verb("shop-pr-1", "redeploy");
  await eventually(async () => expect((await mayfly.visit(url)).status).toBe(200), { timeoutMs: 60_000 });
});
