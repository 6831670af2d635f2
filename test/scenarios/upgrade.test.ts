import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

/** The shop with an answer that takes four seconds, and a WebSocket that ticks. */
const shop = (page: string) =>
  miniShop({
    page,
    server: `const http = require("node:http");
const page = require("node:fs").readFileSync("/app/page.txt", "utf8").trim();
const server = http.createServer((request, response) => {
  if (request.url === "/slow") setTimeout(() => response.end("slow " + page), 4000);
  else response.end(page);
});
server.on("upgrade", (request, socket) => {
  const accept = require("node:crypto").createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
  const timer = setInterval(() => socket.write(Buffer.from([0x81, 1, 0x2e])), 100);
  socket.on("error", () => {}).on("close", () => clearInterval(timer));
});
server.listen(3000, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
`,
  });

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: shop("first page") });
});
afterAll(() => endScenario(scenario));

test("a second Mayfly on the same state folder says who holds it, and ends", async () => {
  const { code, said } = await run("serve", "--config", join(scenario.folder, "server.yaml"));
  expect(code).toBe(1);
  expect(said).toMatch(/state is in use by another Mayfly \(process \d+ on \S+, version \S+, since 20\d\d-[^)]+Z\)/);
  expect(said).toContain("mayfly serve --replace");
});

test("an upgrade under load loses no request, no webhook and no push, and ends the old process by itself", async () => {
  tellOnFailure(scenario);
  const { github, mayfly } = scenario;
  const number = await scenario.open({ branch: "loaded", files: shop("before") });
  const { url } = await scenario.seen(`shop-pr-${number}`, ({ phase }) => phase === "ready");
  await github.settled();
  const opened = github.deliveries().find(({ event, action }) => event === "pull_request" && action === "opened");

  const load = startLoad(mayfly.port, new URL(url).host);
  const emitting = setInterval(() => github.emit("pull_request", opened?.payload ?? {}), 50);
  const socket = new WebSocket(`ws://127.0.0.1:${mayfly.port}/`, { headers: { host: new URL(url).host } });
  let ticks = 0;
  socket.on("message", () => (ticks += 1)).on("error", () => {});
  await sleep(500);
  const slow = mayfly.visit(`${url}/slow`);
  await sleep(100);

  const replaced = mayfly.replace();
  await sleep(300);
  const ticksBefore = ticks;
  const pushed = await scenario.push({ branch: "loaded", files: shop("after") });
  expect(await replaced).toBe(0);
  expect(ticks - ticksBefore).toBeGreaterThan(20);
  expect((await slow).body).toBe("slow before");
  await scenario.serving(`shop-pr-${number}`, pushed);
  expect((await mayfly.visit(url)).body).toBe("after");

  clearInterval(emitting);
  await github.settled();
  const { failures, answered } = await load.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(200);
  const delivered = github.deliveries().filter(({ event }) => event === "pull_request");
  expect(delivered.length).toBeGreaterThan(100);
  expect(delivered.filter(({ statusCode }) => statusCode !== 202)).toEqual([]);
  using store = new DatabaseSync(join(scenario.folder, "state", "mayfly.db"), { readOnly: true });
  const stored = store.prepare("select delivery from deliveries").all();
  const kept = new Set(stored.map((row) => row["delivery"]));
  expect(delivered.filter(({ guid }) => !kept.has(guid))).toEqual([]);
});

test("one that asks to take over and cannot listen changes nothing: the old one serves and follows pushes", async () => {
  tellOnFailure(scenario);
  const { mayfly, github, folder } = scenario;
  const number = await scenario.open({ branch: "kept", files: shop("before") });
  const { url } = await scenario.seen(`shop-pr-${number}`, ({ phase }) => phase === "ready");
  const file = join(folder, "unlucky.yaml");
  const taken = `127.0.0.1:${new URL(github.url).port}`;
  writeFileSync(file, readFileSync(join(folder, "server.yaml"), "utf8").replace(/^listen: .*$/m, `listen: ${taken}`));
  const unlucky = await run("serve", "--replace", "--config", file);
  expect(unlucky).toMatchObject({ code: 1, said: expect.stringContaining(`cannot listen on ${taken}`) });
  expect((await mayfly.visit(url)).body).toBe("before");
  const pushed = await scenario.push({ branch: "kept", files: shop("after") });
  await scenario.serving(`shop-pr-${number}`, pushed);
  expect((await mayfly.visit(url)).body).toBe("after");
  expect(readFileSync(mayfly.logFile, "utf8")).toContain("ended before it listened");
});

/** One command of Mayfly's, to its end. */
function run(...words: string[]): Promise<{ code: unknown; said: string }> {
  const main = resolve(import.meta.dirname, "../../src/main.ts");
  const env = { ...process.env, ...scenario.environment };
  return new Promise((done) => {
    execFile(process.execPath, [main, ...words], { env }, (error, _, said) => done({ code: error?.code ?? 0, said }));
  });
}

/** Visitors who ask again and again, on kept connections and on fresh ones, none of whom ever asks twice for the same. */
function startLoad(port: number, host: string) {
  const failures: string[] = [];
  let answered = 0;
  const over = new AbortController();
  const kept = Array.from({ length: 4 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const visit = (agent: Agent | false) =>
    new Promise<void>((done) => {
      const fail = (why: string) => {
        failures.push(`${agent === false ? "fresh" : "kept"}: ${why}`);
        done();
      };
      const call = request({ port, host: "127.0.0.1", agent, headers: { host } }, (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk.toString()));
        response.on("error", (error) => fail(error.message));
        response.on("end", () => {
          answered += 1;
          if (response.statusCode === 200 && /^(before|after)$/.test(body)) done();
          else fail(`${response.statusCode} ${body.slice(0, 100)}`);
        });
      });
      call.on("error", (error) => fail(error.message));
      call.end();
    });
  const visitors = [...kept, false as const, false as const, false as const, false as const].map(async (agent) => {
    while (!over.signal.aborted) {
      await visit(agent);
      await sleep(10);
    }
  });
  return {
    async stop() {
      over.abort();
      await Promise.all(visitors);
      for (const agent of kept) agent.destroy();
      return { failures, answered };
    },
  };
}
