import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { TimelineEvent } from "../../src/domain/preview.ts";
import { labels } from "../../src/domain/labels.ts";
import { execute } from "../../src/engine/exec.ts";
import { clock } from "../engine/world.ts";
import { openBrowser } from "../../demo/browser.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

/** `ask` asks the database over one connection, for ever; its end is the end of the program. */
const client = (name: string) => `const net = require("node:net");
const database = net.connect(5432, "db", () => {
  const start = Buffer.from("\\0\\0\\0\\0\\0\\x03\\0\\0user\\0postgres\\0application_name\\0${name}\\0\\0", "latin1");
  start.writeUInt32BE(start.length);
  database.write(start);
});
let answered = () => {};
database.on("data", (bytes) => bytes.at(-6) === 0x5a && answered());
database.on("close", () => process.exit(1));
const ask = (sql) => new Promise((resolve) => {
  answered = resolve;
  const query = Buffer.from("Q\\0\\0\\0\\0" + sql + "\\0", "latin1");
  query.writeUInt32BE(query.length - 1, 1);
  database.write(query);
});
`;

/** A page that stays connected in every way that there is, and downloads of which the database gives each row. */
const server = `const [http, crypto] = [require("node:http"), require("node:crypto")];
const page = require("node:fs").readFileSync("/app/page.txt", "utf8").trim();
${client("web")}
let turn = Promise.resolve();
const listen = "socket.onclose = ({ code }) => { log.push('closed ' + code); connect(); }; socket.onmessage = ({ data }) => log.push(data);";
const script = "const log = []; const connect = () => { const socket = new WebSocket('ws://' + location.host + '/'); " + listen + " }; connect();" +
  "const events = new EventSource('/events'); events.onmessage = ({ data, lastEventId }) => log.push(data + ' ' + lastEventId);";
const server = http.createServer((request, response) => {
  const rows = Number(/^\\/download\\/(\\d+)/.exec(request.url)?.[1]);
  if (rows) {
    let row = 0;
    const timer = setInterval(() => {
      turn = turn.then(() => ask("SELECT 1")).then(() => response.write("row " + ++row + "\\n"));
      if (row >= rows - 1) turn.then(() => (clearInterval(timer), response.end("whole\\n")));
    }, 250);
    response.on("close", () => clearInterval(timer));
  } else if (request.url === "/events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("retry: 100\\n\\nid: after-" + (request.headers["last-event-id"] || "none").replace("after-", "") + "\\ndata: stream of " + page + "\\n\\n");
  } else {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<title>" + page + "</title><script>" + script + "</script>");
  }
});
server.on("upgrade", (request, socket) => {
  const key = crypto.createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + key.digest("base64") + "\\r\\n\\r\\n");
  const text = "socket of " + page;
  socket.write(Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]));
  socket.on("error", () => {});
});
server.listen(3000, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
`;

/** The clerk has data too, so that no push replaces it: it asks the database ten times a second, in one session for ever. */
const compose = `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    depends_on: { db: { condition: service_healthy } }
  clerk:
    image: node:24
    restart: unless-stopped
    command: ["node", "/clerk.js"]
    depends_on: { db: { condition: service_healthy } }
    volumes: ["./clerk.js:/clerk.js:ro", "desk:/desk"]
  db:
    image: postgres:17
    restart: unless-stopped
    environment: { POSTGRES_HOST_AUTH_METHOD: trust }
    volumes: ["pgdata:/var/lib/postgresql/data"]
    healthcheck: { test: ["CMD-SHELL", "pg_isready -U postgres -h 127.0.0.1"], interval: 1s }
volumes: { pgdata: , desk: }
`;
const clerkFile = `${client("clerk")}setTimeout(() => setInterval(() => ask("SELECT 1"), 100), 1000);\n`;
const shop = (page: string) => miniShop({ server, compose, page, files: { "clerk.js": clerkFile } });

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: shop("first") });
});
afterAll(() => endScenario(scenario));

const slug = "shop-pr-1";
const objectsOf = async (generation: number) =>
  (await scenario.objects()).filter((name) => new RegExp(`^(container|network) .*[-_]g${generation}(_|$)`).test(name));
async function query(sql: string): Promise<string> {
  const label = [`${labels.server}=${scenario.serverId}`, `${labels.service}=db`];
  const [db] = await scenario.docker.listContainers({ filters: { label } });
  const command = ["psql", "-U", "postgres", "-Atqc", sql];
  const signal = AbortSignal.timeout(20_000);
  const { lines } = await execute({ docker: scenario.docker, clock }, db?.Id ?? "none", { command, signal });
  return lines.join("\n");
}
/** The session of the clerk, as long as it works: what it asked last was asked a moment ago. */
const clerk = async (): Promise<string> => {
  const works = "application_name = 'clerk' AND query_start > clock_timestamp() - interval '3 s'";
  return query(`SELECT pid FROM pg_stat_activity WHERE ${works}`);
};
const clerkWorks = () => eventually(async () => expect(await clerk()).toMatch(/^\d+$/), { timeoutMs: 10_000 });

/** A download, as it comes: what is there of it, and how it ended. */
function download(url: string): { text(): string; ended: Promise<"whole" | "cut"> } {
  const target = new URL(url);
  let text = "";
  const ended = new Promise<"whole" | "cut">((resolve) => {
    const options = { port: scenario.mayfly.port, path: target.pathname, headers: { host: target.host } };
    request(options, (answer) => {
      answer.on("data", (piece: Buffer) => (text += piece.toString()));
      answer.on("end", () => resolve("whole"));
    })
      .on("error", () => resolve("cut"))
      .end();
  });
  return { text: () => text, ended };
}

test("on a push who is connected to the old version is told and comes back to the new one, downloads go on to the deadline, and connections between databases do not notice", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  await scenario.open({ branch: "streams", files: shop("first") });
  const { url } = await scenario.seen(slug, ({ phase }) => phase === "ready");
  await using browser = await openBrowser();
  const page = await browser.newPage();
  await page.goto(url);
  const log = () => page.evaluate("log") as Promise<string[]>;
  await eventually(async () => expect(await log()).toHaveLength(2), { timeoutMs: 20_000 });
  const socket = new WebSocket(`ws://127.0.0.1:${mayfly.port}/`, { headers: { host: new URL(url).host } });
  const told = new Promise((resolve, reject) => {
    socket.on("close", (code, reason) => resolve(`${code} ${reason.toString()}`)).on("error", reject);
  });
  await eventually(() => expect(socket.readyState).toBe(WebSocket.OPEN), { timeoutMs: 10_000 });
  const session = await clerk();
  expect(session).toMatch(/^\d+$/);

  const [short, long] = [download(`${url}/download/40`), download(`${url}/download/4000`)];
  await eventually(() => expect(short.text() && long.text()).toContain("row 1\n"), { timeoutMs: 10_000 });
  const commit = await scenario.push({ branch: "streams", files: { "web/page.txt": "second\n" } });
  expect(await told).toBe("1012 a new version took over");
  await eventually(async () => expect((await log()).toSorted()).toHaveLength(5), { timeoutMs: 20_000 });
  const [first, second] = [(await log()).slice(0, 2), (await log()).slice(2)];
  expect(first.toSorted()).toEqual(["socket of first", "stream of first after-none"]);
  expect(second.toSorted()).toEqual(["closed 1012", "socket of second", "stream of second after-none"]);
  await scenario.seen(slug, ({ serving }) => serving?.commit === commit);

  expect(await short.ended).toBe("whole");
  expect(short.text().trimEnd().split("\n")).toHaveLength(41);
  expect(await long.ended).toBe("cut");
  await eventually(async () => expect(await objectsOf(1)).toEqual([]), { timeoutMs: 30_000 });
  const events = await mayfly.api<TimelineEvent[]>(`/api/previews/${slug}/timeline`);
  const drain = events.find(({ name }) => name === "drain");
  // As the server itself counted; no earlier than it says.
  expect((drain?.endedAt ?? 0) - (drain?.startedAt ?? 0)).toBeGreaterThanOrEqual(30_000);

  await clerkWorks();
  expect(await clerk()).toBe(session);
});

test("on /redeploy too, and nobody who was told keeps the old version", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const { url } = await scenario.seen(slug, ({ phase }) => phase === "ready");
  const session = await clerk();
  await using browser = await openBrowser();
  const page = await browser.newPage();
  await page.goto(url);
  const log = () => page.evaluate("log") as Promise<string[]>;
  await eventually(async () => expect(await log()).toHaveLength(2), { timeoutMs: 20_000 });
  await mayfly.api(`/api/previews/${slug}/redeploy`, { method: "POST" });
  await eventually(async () => expect(await log()).toHaveLength(5), { timeoutMs: 60_000 });
  expect(await log()).toContain("closed 1012");
  await eventually(async () => expect(await objectsOf(2)).toEqual([]), { timeoutMs: 40_000 });
  const events = await mayfly.api<TimelineEvent[]>(`/api/previews/${slug}/timeline`);
  const drain = events.find(({ name, generation }) => name === "drain" && generation === 3);
  expect((drain?.endedAt ?? Infinity) - (drain?.startedAt ?? 0)).toBeLessThan(30_000);
  await clerkWorks();
  expect(await clerk()).toBe(session);
});

const networksOf = async (service: string) => {
  const label = [`${labels.server}=${scenario.serverId}`, `${labels.service}=${service}`];
  const found = await scenario.docker.listContainers({ filters: { label } });
  const names = found.flatMap(({ NetworkSettings }) => Object.keys(NetworkSettings.Networks));
  return names.map((name) => /_(data|g\d+_\w+)$/.exec(name)?.[1] ?? name).toSorted();
};

test("after /reset those with new data come together again in the network that outlives pushes", async () => {
  tellOnFailure(scenario);
  await scenario.mayfly.api(`/api/previews/${slug}/reset`, { method: "POST" });
  await scenario.seen(slug, ({ serving }) => serving?.generation === 4);
  await eventually(
    async () => {
      for (const service of ["clerk", "db"]) expect(await networksOf(service)).toEqual(["data", "g4_default"]);
    },
    { timeoutMs: 60_000 },
  );
  await clerkWorks();
});

test("a push that takes the way out from them takes it from the network that outlives pushes, too", async () => {
  tellOnFailure(scenario);
  const sealed = `${compose}networks: { default: { internal: true } }\n`;
  await scenario.push({ branch: "streams", files: { "compose.yaml": sealed } });
  await scenario.seen(slug, ({ serving }) => serving?.generation === 5);
  const filters = { label: [`${labels.server}=${scenario.serverId}`] };
  const isOpen = async () =>
    (await scenario.docker.listNetworks({ filters })).filter(
      ({ Name, Internal }) => /_(data|g5_default)$/.test(Name) && !Internal,
    );
  await eventually(
    async () => {
      for (const service of ["clerk", "db"]) expect(await networksOf(service)).toEqual(["data", "g5_default"]);
      expect(await isOpen()).toEqual([]);
    },
    { timeoutMs: 90_000 },
  );
});
