import { afterAll, beforeAll, expect, test } from "vitest";
import { startLoad } from "../support/load.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const compose = (options = "") => `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: "no"
    environment: { BOOT_MS: "${options === "" ? 0 : 2500}" }
    depends_on:
      db: { condition: service_healthy }
  db:
    image: postgres:17
    restart: unless-stopped
    stop_signal: SIGINT
    command: [ postgres${options} ]
    environment: { POSTGRES_USER: shop, POSTGRES_DB: shop, POSTGRES_HOST_AUTH_METHOD: trust }
    volumes: [ "pgdata:/var/lib/postgresql/data" ]
volumes:
  pgdata:
`;
/** Every answer comes from the database, over one connection that is opened once: whoever loses it fails for good. */
const server = `const http = require("node:http");
const net = require("node:net");
const page = require("node:fs").readFileSync("/app/page.txt", "utf8").trim();
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
const words = Buffer.from("user\\0shop\\0database\\0shop\\0\\0");
const head = Buffer.alloc(8);
head.writeInt32BE(words.length + 8, 0);
head.writeInt32BE(196608, 4);
const database = net.connect(5432, "db", () => database.write(Buffer.concat([head, words])));
let lost = null, heard = Buffer.alloc(0), waiting = null;
database.on("error", (error) => (lost = error.message)).on("close", () => { lost ??= "closed"; waiting?.(); });
database.on("data", (data) => {
  heard = Buffer.concat([heard, data]);
  if (heard.subarray(-6).equals(ready)) { heard = Buffer.alloc(0); waiting?.(); }
});
const said = () => new Promise((done) => { waiting = done; if (lost !== null) done(); });
let turn = said();
const query = () => (turn = turn.then(() => {
  const text = Buffer.from("SELECT 1\\0"), frame = Buffer.alloc(5);
  frame.write("Q");
  frame.writeInt32BE(text.length + 4, 1);
  const answer = said();
  if (lost === null) database.write(Buffer.concat([frame, text]));
  return answer;
}));
const answer = async (request, response) => {
  let bytes = 0;
  for await (const chunk of request) bytes += chunk.length;
  if (request.url === "/slow") await new Promise((done) => setTimeout(done, 300));
  await query();
  response.statusCode = lost === null ? 200 : 500;
  response.end(lost ?? page + " took " + bytes);
};
setTimeout(() => http.createServer(answer).listen(3000, "0.0.0.0"), Number(process.env.BOOT_MS));
process.on("SIGTERM", () => process.exit(0));
`;
const shop = (page: string, options = "") => miniShop({ compose: compose(options), server, page });

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: shop("first") });
});
afterAll(() => endScenario(scenario));

test("pushes, /redeploy, a failing push, /rollback and changed options of the database lose no request, nor a connection to it", async () => {
  tellOnFailure(scenario);
  const { mayfly, github } = scenario;
  const number = await scenario.open({ branch: "busy", files: shop("one") });
  const slug = `shop-pr-${number}`;
  const { url } = await scenario.seen(slug, ({ phase }) => phase === "ready");
  const body = async () => (await mayfly.visit(url)).body;
  const say = (said: string) => github.comment({ repo: repository, number, author: "bob", body: said });
  const serves = (generation: number) => scenario.seen(slug, ({ serving }) => serving?.generation === generation);

  const load = startLoad(mayfly, url);
  await scenario.serving(slug, await scenario.push({ branch: "busy", files: { "web/page.txt": "two" } }));
  await say("/redeploy");
  await serves(3);
  const broken = await scenario.push({ branch: "busy", files: { "web/server.js": "process.exit(3);\n" } });
  await scenario.seen(slug, ({ newest }) => newest?.commit === broken && newest.phase === "failed");
  expect(await body()).toBe("two took 0");
  await say("/rollback");
  await serves(5);
  expect(await body()).toBe("one took 0");

  const changed = await scenario.push({ branch: "busy", files: shop("tuned", ', "-c", "work_mem=8MB"') });
  const pages = new Set<string>();
  const uploads: { status: number; body: string }[] = [];
  const up = new AbortController();
  const headers = { accept: "text/html", "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" };
  const again = async (visit: () => Promise<void>) => {
    while (!up.signal.aborted) await visit();
  };
  // Side by side: a held upload must not keep the browser from looking.
  const browsing = Promise.all([
    again(async () => {
      const page = await mayfly.visit(url, { headers });
      pages.add(page.status === 200 ? "the site" : `${page.status} ${/<h1>(.*?)<\/h1>/.exec(page.body)?.[1]}`);
    }),
    again(async () => void uploads.push(await mayfly.visit(url, { method: "POST", body: "x".repeat(300_000) }))),
  ]);
  await scenario.serving(slug, changed);
  up.abort();
  await browsing;
  expect(await body()).toBe("tuned took 0");
  expect([...pages].toSorted()).toEqual(["503 A database is being replaced", "the site"]);
  expect(uploads.filter(({ status }) => status !== 200)).toEqual([]);
  for (const upload of uploads) expect(upload.body).toMatch(/ took 300000$/);

  await say("/rollback");
  await serves(7);
  expect(await body()).toBe("one took 0");
  const { failed, requests } = await load.end();
  expect(requests).toBeGreaterThan(100);
  expect(failed).toEqual([]);
});
