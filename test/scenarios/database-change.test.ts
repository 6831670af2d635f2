import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execute } from "../../src/engine/exec.ts";
import { clock } from "../engine/world.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const shop = (image: string, more = "") => ({
  "compose.yaml": `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    environment: { COMMIT: "\${MAYFLY_COMMIT:-none}" }
    depends_on: { db: { condition: service_healthy } }
  db:
    image: ${image}
    restart: unless-stopped
    environment: { POSTGRES_PASSWORD: secret }
    volumes: ["pgdata:/var/lib/postgresql/data"]
${more}volumes: { pgdata: }
`,
});

/** It needs its database for each answer. */
const server = `const [net, http] = [require("node:net"), require("node:http")];
const server = http.createServer((request, response) => {
  const database = net.connect(5432, "db", () => (database.destroy(), response.end("with its data")));
  database.on("error", () => (response.statusCode = 500, response.end("without its data")));
});
server.listen(3000, "0.0.0.0");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

let scenario: Scenario;
beforeAll(async () => {
  const files = {
    ".mayfly.yaml": "routes: { web: 3000 }\ndata:\n  db: { seed: [ seed.sql ] }\n",
    "seed.sql": "CREATE TABLE guest (name text);\nINSERT INTO guest VALUES ('ada');\n",
  };
  scenario = await startScenario({ files: { ...miniShop({ files, server }), ...shop("postgres:15") } });
});
afterAll(() => endScenario(scenario));

const slug = "shop-pr-1";
let key = "";
const mine = async (more: string[] = []) => {
  // It is not always there to be asked.
  if (key === "") key = (await scenario.mayfly.show(slug))?.key ?? "";
  return { label: [`dev.mayfly.server=${scenario.serverId}`, `dev.mayfly.preview=${key}`, ...more] };
};
async function ask(sql: string): Promise<string> {
  const filters = await mine(["dev.mayfly.service=db"]);
  const [database] = await scenario.docker.listContainers({ filters });
  const command = ["psql", "-U", "postgres", "-Atqc", sql];
  const signal = AbortSignal.timeout(20_000);
  const { lines } = await execute({ docker: scenario.docker, clock }, database?.Id ?? "none", { command, signal });
  return lines.join("\n");
}
const say = (body: string) => scenario.github.comment({ repo: repository, number: 1, author: "bob", body });
const anchors = async () => {
  const filters = await mine(["dev.mayfly.kind=anchor"]);
  return (await scenario.docker.listContainers({ all: true, filters })).map(({ Names }) => Names[0]!.slice(1));
};

/** Fifty requests a second until it is stopped; answers the statuses that were not 200. */
function load(url: string): () => Promise<number[]> {
  const answers: Promise<number>[] = [];
  const ask = () => {
    const answer = scenario.mayfly.visit(url).then(
      ({ status }) => status,
      () => 0,
    );
    answers.push(answer);
  };
  const timer = setInterval(ask, 20);
  return async () => {
    clearInterval(timer);
    const statuses = await Promise.all(answers);
    expect(statuses.length).toBeGreaterThan(50);
    return statuses.filter((status) => status !== 200);
  };
}

describe("a database that is another by now", () => {
  test("postgres:15 → 17 under load: new data beside the old, no failed request, and the old data is kept", async () => {
    tellOnFailure(scenario);
    await scenario.open({ branch: "one", files: { "web/page.txt": "one" } });
    const { url } = await scenario.seen(slug, ({ phase }) => phase === "ready");
    expect(await ask("SHOW server_version_num")).toMatch(/^15/);
    await ask("INSERT INTO guest VALUES ('bob')");
    const stop = load(url);
    const commit = await scenario.push({ branch: "one", files: shop("postgres:17") });
    const served = await scenario.serving(slug, commit);
    expect(await stop()).toEqual([]);
    expect(served.dataNotes[0]).toBe("db re-branched: it runs postgres:17, and ran postgres:15 before");
    expect(served.retired).toMatchObject([{ service: "db" }]);
    await eventually(async () => expect(await ask("SHOW server_version_num")).toMatch(/^17/), { timeoutMs: 40_000 });
    expect(await ask("SELECT count(*) FROM guest")).toBe("1");

    // No other version reads its files.
    await say("/restore");
    const refused = await scenario.seen(slug, ({ newest }) => newest?.phase === "failed");
    expect(refused.newest?.failure?.what).toBe(
      "the data of before cannot come back: postgres:15 made it, and the service runs postgres:17",
    );
    expect(refused.serving?.commit).toBe(commit);
  });

  test("other options, under load: the new container takes the old one's place on the same data, and requests wait", async () => {
    tellOnFailure(scenario);
    const { url } = (await scenario.mayfly.show(slug))!;
    await ask("INSERT INTO guest VALUES ('cleo')");
    const stop = load(url);
    const options = shop("postgres:17\n    command: postgres -c work_mem=8MB");
    const commit = await scenario.push({ branch: "one", files: options });
    const served = await scenario.serving(slug, commit);
    expect(await stop()).toEqual([]);
    expect(await ask("SHOW work_mem")).toBe("8MB");
    expect(await ask("SELECT string_agg(name, ' ' ORDER BY name) FROM guest")).toBe("ada cleo");
    expect(served.dataNotes.filter((note) => note.includes("re-branched"))).toEqual([]);
  });
});

describe("somebody tidies the engine up", () => {
  const volumes = async () => (await scenario.docker.listVolumes({ filters: await mine() })).Volumes;
  const snapshotOf = async () => {
    const label = "dev.mayfly.snapshot";
    return (await volumes()).flatMap((each) => each.Labels?.[label] ?? []);
  };
  const gone = (name: string) => scenario.docker.getVolume(name).remove();
  /** As `docker container prune` does, and only to this preview. */
  const prune = async () => {
    const filters = { ...(await mine()), status: ["created", "exited"] };
    for (const { Id } of await scenario.docker.listContainers({ all: true, filters }))
      await scenario.docker.getContainer(Id).remove({ v: true });
  };

  test("no snapshot that is in use can be removed; pruned anchors come back, of the kept data too", async () => {
    tellOnFailure(scenario);
    const before = await anchors();
    expect(before, "what serves, and what was replaced").toHaveLength(2);
    for (const name of await snapshotOf()) await expect(gone(name)).rejects.toThrow("in use");
    await prune();
    await eventually(async () => expect((await anchors()).toSorted()).toEqual(before.toSorted()), {
      timeoutMs: 20_000,
    });
    for (const name of await snapshotOf()) await expect(gone(name)).rejects.toThrow("in use");
  });

  test("what sleeps and was pruned comes back as it was", async () => {
    tellOnFailure(scenario);
    await say("/sleep");
    await scenario.seen(slug, ({ asleep }) => asleep === "stopped");
    await eventually(
      async () => {
        const filters = { ...(await mine()), status: ["running"] };
        expect((await scenario.docker.listContainers({ filters })).map(({ Names }) => Names)).toEqual([]);
      },
      { timeoutMs: 40_000 },
    );
    await prune();
    await eventually(async () => expect(await anchors()).toHaveLength(2), { timeoutMs: 20_000 });
    await say("/wake");
    const { url } = await scenario.seen(slug, ({ phase }) => phase === "ready");
    expect((await scenario.mayfly.visit(url)).status).toBe(200);
    expect(await ask("SELECT string_agg(name, ' ' ORDER BY name) FROM guest")).toBe("ada cleo");
  });

  test("data that somebody removed by force is said to be lost, and /reset makes it anew", async () => {
    tellOnFailure(scenario);
    await say("/sleep");
    await scenario.seen(slug, ({ asleep }) => asleep === "stopped");
    await eventually(
      async () => {
        const filters = { ...(await mine()), status: ["running"] };
        expect((await scenario.docker.listContainers({ filters })).map(({ Names }) => Names)).toEqual([]);
      },
      { timeoutMs: 40_000 },
    );
    // Nobody looks meanwhile.
    await scenario.mayfly.kill();
    await prune();
    for (const each of await volumes()) await gone(each.Name).catch(() => undefined);
    await scenario.mayfly.start();
    await say("/wake");
    const lost = await scenario.seen(slug, ({ reason }) => reason?.includes("lost") === true);
    expect(lost.reason).toContain("the data of db is lost: its volume pgdata was removed from this host");
    await eventually(
      async () => expect((await scenario.comment(1)).split("\n")[0]).toContain("the data of db is lost"),
      {
        timeoutMs: 20_000,
      },
    );
    await say("/reset");
    await scenario.seen(
      slug,
      ({ phase, reason, newest }) => phase === "ready" && reason === null && newest?.phase === "ready",
    );
    expect(await ask("SELECT count(*) FROM guest")).toBe("1");
  });
});
