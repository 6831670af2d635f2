import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execute } from "../../src/engine/exec.ts";
import { clock } from "../engine/world.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

/** `tool` stands for an application's own image, which brings the migrations and what connects to the database. */
const compose = `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    environment: { COMMIT: "\${MAYFLY_COMMIT:-none}" }
    depends_on: [ db, cache, queue, assets ]
  tool:
    build: tool
    command: ["true"]
    restart: "no"
    environment: { DATABASE_URL: "postgres://shop:secret@database/shop" }
  db:
    image: postgres:17
    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: secret, POSTGRES_DB: shop }
    networks: { default: { aliases: [ database ] } }
    volumes: [ "pgdata:/var/lib/postgresql/data" ]
  cache:
    image: redis:8
    command: redis-server --appendonly yes
    volumes: [ "cache:/data" ]
  queue:
    image: redis:8
    depends_on: [ cache ]
    volumes: [ "queue:/data" ]
  assets:
    image: node:24
    command: sleep infinity
    volumes: [ "assets:/srv/assets" ]
volumes: { pgdata: , cache: , queue: , assets: }
`;
const manifest = `data:
  db:
    seed: [ db/*.sql, { run: { service: tool, command: psql -q "$DATABASE_URL" -v ON_ERROR_STOP=1 -f /more.sql } } ]
  cache: { seed: [ cache/fill.sh ] }
  queue: { seed: [ queue, cache/fill.sh, { run: { service: tool, command: [ test, -f, /more.sql ] } } ] }
  assets: { seed: [ assets/ ] }
`;
const files = {
  ".mayfly.yaml": manifest,
  "db/1.sql": "CREATE TABLE guest (name text);\n",
  "db/2.sql": "INSERT INTO guest VALUES ('from a file');\n",
  "cache/fill.sh": "redis-cli -e set guest ada\n",
  "queue/readme.txt": "laid before the start\n",
  "assets/logo/a.svg": "<svg/>\n",
  "tool/Dockerfile": "FROM postgres:17\nCOPY more.sql /more.sql\n",
  "tool/more.sql": "INSERT INTO guest VALUES ('by the application');\n",
};

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop({ compose, files }) });
});
afterAll(() => endScenario(scenario));

async function ask(slug: string, service: string, command: string): Promise<string> {
  const key = (await scenario.mayfly.show(slug))?.key ?? "";
  const label = [`dev.mayfly.preview=${key}`, `dev.mayfly.service=${service}`];
  const [found] = await scenario.docker.listContainers({ filters: { label } });
  const call = { command: ["sh", "-c", command], signal: AbortSignal.timeout(20_000) };
  const { lines } = await execute({ docker: scenario.docker, clock }, found?.Id ?? "none", call);
  return lines.join("\n");
}

const helpers = async () => {
  const filters = { label: [`dev.mayfly.server=${scenario.serverId}`, "dev.mayfly.kind=helper"] };
  const containers = await scenario.docker.listContainers({ all: true, filters });
  const networks = await scenario.docker.listNetworks({ filters });
  return [...containers.map(({ Names }) => Names[0]), ...networks.map(({ Name }) => Name)];
};

describe("seeds of every kind", () => {
  test("fill what a preview has, built once where they can be, and in their place where they need the stack", async () => {
    tellOnFailure(scenario);
    await scenario.open({ branch: "one", files: { "web/page.txt": "one" } });
    const view = await scenario.seen("shop-pr-1", ({ phase }) => phase === "ready", 240_000);
    expect(await ask("shop-pr-1", "db", "psql -U shop -Atqc 'SELECT name FROM guest ORDER BY 1'")).toBe(
      "by the application\nfrom a file",
    );
    expect(await ask("shop-pr-1", "cache", "redis-cli get guest")).toBe("ada");
    expect(await ask("shop-pr-1", "queue", "redis-cli get guest; stat -c '%U %n' /data/readme.txt")).toBe(
      "ada\nredis /data/readme.txt",
    );
    expect(await ask("shop-pr-1", "assets", "cat /srv/assets/logo/a.svg")).toBe("<svg/>");
    expect(view.data).toMatch(
      /^db has the data of seed .*; cache has the data of seed .*; queue seeded from queue\/, cache\/fill.sh, a program of tool[^;]*; assets has the data of seed /,
    );
    expect(await helpers()).toEqual([]);
  });

  test("that fail say which part and why, also a program's, and nothing of them is left", async () => {
    tellOnFailure(scenario);
    await scenario.open({ branch: "two", files: { "tool/more.sql": "SELECT 1;\nINSERT INTO gest VALUES (1);\n" } });
    const failed = await scenario.seen("shop-pr-2", ({ phase }) => phase === "failed", 240_000);
    expect(failed.newest?.failure).toMatchObject({
      code: "seed-failed",
      service: "tool",
      what: expect.stringMatching(
        /^`psql .*` in tool exited with code 3.*: psql:\/more.sql:2: ERROR: {2}relation "gest" does not exist$/,
      ),
      logTail: expect.arrayContaining([expect.stringContaining('/more.sql:2: ERROR:  relation "gest" does not exist')]),
    });
    await eventually(async () => expect(await helpers()).toEqual([]), { timeoutMs: 20_000 });
  });
});
