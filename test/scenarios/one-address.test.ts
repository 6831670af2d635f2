import { afterAll, beforeAll, expect, test } from "vitest";
import { labels } from "../../src/domain/labels.ts";
import { homeNetworkName } from "../../src/domain/naming.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

/** With two addresses the check asks `pg_isready -h ONE TWO`, which is an error. */
const compose = (options: { command?: string; bootMs?: number } = {}) => `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    networks: [ back, front ]
    environment: { BOOT_MS: "${options.bootMs ?? 0}" }
    depends_on: { db: { condition: service_healthy } }
  db:
    image: postgres:17
    restart: unless-stopped
    command: ${options.command ?? "postgres"}
    environment: { POSTGRES_PASSWORD: shop }
    networks: [ back ]
    volumes: ["pgdata:/var/lib/postgresql/data"]
    healthcheck: { test: ["CMD-SHELL", "pg_isready -U postgres -h $$(hostname -i)"], interval: 1s, retries: 1 }
networks: { back: { internal: true }, front: }
volumes: { pgdata: }
`;
/** Its page says whether it reaches the database by name. */
const server = `const net = require("node:net");
const page = require("node:fs").readFileSync("/app/page.txt", "utf8").trim();
const server = require("node:http").createServer((request, response) => {
  const socket = net.connect(5432, "db");
  socket.on("connect", () => { socket.destroy(); response.end(page); });
  socket.on("error", (error) => { response.statusCode = 500; response.end(String(error)); });
});
setTimeout(() => server.listen(3000, "0.0.0.0"), Number(process.env.BOOT_MS));
process.on("SIGTERM", () => process.exit(0));
`;
const shop = (page: string, options = {}) => miniShop({ page, server, compose: compose(options) });

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: shop("first") });
});
afterAll(() => endScenario(scenario));

const slug = "shop-pr-1";
const databases = async () => {
  const label = [`${labels.server}=${scenario.serverId}`, `${labels.service}=db`];
  const found = await scenario.docker.listContainers({ all: true, filters: { label } });
  return found.map(({ Id, State, NetworkSettings }) => ({
    id: Id,
    state: State,
    networks: Object.keys(NetworkSettings.Networks).map((name) => /_(\w+_\w+)$/.exec(name)?.[1] ?? name),
  }));
};
const networks = async () => (await databases()).flatMap((each) => each.networks.toSorted());
const only = (...names: string[]) =>
  eventually(async () => expect(await networks()).toEqual(names), { timeoutMs: 60_000 });
const reached = (page: string) =>
  eventually(
    async () => {
      const { url } = await scenario.seen(slug, ({ serving }) => serving !== null);
      const { status, body } = await scenario.mayfly.visit(url);
      expect([status, body]).toEqual([200, page]);
    },
    { timeoutMs: 30_000 },
  );

test("a database whose check asks for its one address is ready on open and on a push, and stays the same", async () => {
  tellOnFailure(scenario);
  await scenario.open({ branch: "first", files: shop("first") });
  await scenario.seen(slug, ({ phase }) => phase === "ready");
  await only("g1_back");
  await reached("first");
  const [before] = await databases();

  const commit = await scenario.push({ branch: "first", files: shop("second") });
  await scenario.serving(slug, commit);
  await only("g2_back");
  await reached("second");
  expect((await databases()).map(({ id }) => id)).toEqual([before?.id]);
});

test("Mayfly is killed in a push while both generations have it, and goes on with it", async () => {
  tellOnFailure(scenario);
  const commit = await scenario.push({ branch: "first", files: shop("third", { bootMs: 4000 }) });
  await only("g2_back", "g3_back");
  await scenario.mayfly.kill();
  await scenario.mayfly.start();
  expect(await networks()).toEqual(["g2_back", "g3_back"]);
  await reached("second");
  await scenario.serving(slug, commit);
  await only("g3_back");
  await reached("third");
});

test("a push that overtakes another finds it with one address again", async () => {
  tellOnFailure(scenario);
  const before = (await databases()).map(({ id }) => id);
  await scenario.push({ branch: "first", files: shop("overtaken", { bootMs: 60_000 }) });
  await only("g3_back", "g4_back");
  const commit = await scenario.push({ branch: "first", files: shop("fourth") });
  await scenario.serving(slug, commit);
  await only("g5_back");
  expect((await databases()).map(({ id }) => id)).toEqual(before);
});

test("it wakes, is started again when somebody kills or removes it, and a push finds it asleep", async () => {
  tellOnFailure(scenario);
  const { docker, mayfly } = scenario;
  const sleep = async () => {
    await mayfly.api(`/api/previews/${slug}/sleep`, { method: "POST" });
    await eventually(async () => expect((await databases()).map(({ state }) => state)).toEqual(["exited"]), {
      timeoutMs: 30_000,
    });
  };
  await sleep();
  await reached("fourth");
  await only("g5_back");

  const [killed] = await databases();
  await docker.getContainer(killed!.id).kill();
  await eventually(async () => expect((await docker.getContainer(killed!.id).inspect()).State.Running).toBe(true), {
    timeoutMs: 30_000,
  });
  await reached("fourth");
  await docker.getContainer(killed!.id).remove({ force: true });
  await eventually(async () => expect((await databases()).map(({ id }) => id)).not.toContain(killed!.id));
  await only("g5_back");
  await reached("fourth");

  await sleep();
  await docker.getNetwork(homeNetworkName(scenario.serverId)).remove();
  await reached("fourth");

  await sleep();
  const commit = await scenario.push({ branch: "first", files: shop("fifth") });
  await scenario.serving(slug, commit);
  await only("g6_back");
  await reached("fifth");
});

test("other options on the same data: the new one is ready with one address, then has one for each generation, and visits wait", async () => {
  tellOnFailure(scenario);
  const [before] = await databases();
  const command = "postgres -c work_mem=8MB";
  const commit = await scenario.push({ branch: "first", files: shop("sixth", { command, bootMs: 4000 }) });
  await eventually(async () => expect((await networks()).toSorted()).toEqual(["g6_back", "g6_back", "g7_back"]), {
    timeoutMs: 60_000,
  });
  // Who comes now waits for the new one.
  await reached("sixth");
  await scenario.serving(slug, commit);
  await only("g7_back");
  expect((await databases()).map(({ id }) => id)).not.toContain(before?.id);
});
