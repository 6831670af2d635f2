import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labels } from "../../src/domain/labels.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

/** Ends when its database refuses it, as many do; without `restart:` Compose would leave it so. */
const server = `const net = require("node:net");
net.connect(5432, "db")
  .on("error", (error) => { console.error(error.message); process.exit(1); })
  .on("connect", () => require("node:http").createServer((_, response) => response.end("open")).listen(3000));
process.on("SIGTERM", () => process.exit(0));
`;

/** On new data the database is started twice: to be filled it answers on its socket only. */
const compose = (order: string) => `services:
  web:
    build: web
    ports: ["3000:3000"]
    ${order}
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: shop }
    volumes: ["pgdata:/var/lib/postgresql/data"]
  assets: { image: "node:24", command: ["node", "-e", "console.log('made')"] }
  tidy: { image: "node:24", command: ["true"] }
  migrate: { image: "node:24", command: ["true"], restart: "on-failure", depends_on: [db] }
  report:
    image: node:24
    command: ["node", "-e", "setInterval(() => {}, 1e6)"]
    init: true
    depends_on: { migrate: { condition: service_completed_successfully }, tools: { condition: service_started, required: false } }
  tools: { image: "node:24", profiles: [tools] }
  spare: { image: "node:24", scale: 0 }
volumes: { pgdata: }
`;

const jobs = ["assets", "migrate", "tidy"];

describe("a Compose file with jobs, and an application that does not wait for its database", () => {
  let scenario: Scenario;
  beforeAll(async () => {
    scenario = await startScenario({ files: miniShop({ compose: compose("depends_on: [db, assets]"), server }) });
  });
  afterAll(() => endScenario(scenario));

  const containersOf = async (slug: string) => {
    const { key } = (await scenario.mayfly.show(slug))!;
    const label = [`${labels.preview}=${key}`, `${labels.server}=${scenario.serverId}`, labels.service];
    const found = await scenario.docker.listContainers({ all: true, filters: { label } });
    const infos = await Promise.all(found.map(({ Id }) => scenario.docker.getContainer(Id).inspect()));
    return new Map(infos.map((info) => [info.Config.Labels[labels.service] ?? "", info]));
  };

  const expectRunning = async (slug: string) => {
    const found = await containersOf(slug);
    expect([...found.keys()].toSorted()).toEqual(["assets", "db", "migrate", "report", "tidy", "web"]);
    for (const [name, { State, RestartCount }] of found) {
      const status = jobs.includes(name) ? "exited" : "running";
      expect({ name, status: State.Status, code: State.ExitCode, RestartCount }).toEqual({
        name,
        status,
        code: 0,
        RestartCount: 0,
      });
    }
    return found;
  };

  test("is ready with no restart, and its jobs ran once", async () => {
    tellOnFailure(scenario);
    await scenario.open({ branch: "order", files: { "web/page.txt": "one" } });
    const { url } = await scenario.seen("shop-pr-1", ({ phase }) => phase === "ready");
    expect((await scenario.mayfly.visit(url)).body).toBe("open");
    await expectRunning("shop-pr-1");
  });

  test("runs its jobs again for a new commit, as `docker compose up` would, on the same database", async () => {
    tellOnFailure(scenario);
    const before = await containersOf("shop-pr-1");
    const commit = await scenario.push({ branch: "order", files: { "web/page.txt": "two" } });
    await scenario.serving("shop-pr-1", commit);
    // What served before goes after its last request.
    const found = await eventually(() => expectRunning("shop-pr-1"), { timeoutMs: 30_000 });
    expect(found.get("db")?.Id).toBe(before.get("db")?.Id);
    for (const job of jobs) expect(found.get(job)?.Id).not.toBe(before.get(job)?.Id);
  });

  test("is ready as well where nobody wrote an order", async () => {
    tellOnFailure(scenario);
    await scenario.open({ branch: "no-order", files: { "compose.yaml": compose("init: true") } });
    await scenario.seen("shop-pr-2", ({ phase }) => phase === "ready");
    expect((await expectRunning("shop-pr-2")).get("web")?.HostConfig.RestartPolicy?.Name).toBe("no");
  });
});
