import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execute } from "../../src/engine/exec.ts";
import { clock } from "../engine/world.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const compose = `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    environment: { COMMIT: "\${MAYFLY_COMMIT:-none}" }
    depends_on: { migrate: { condition: service_completed_successfully } }
  migrate:
    image: postgres:17
    restart: "no"
    entrypoint: ["sh", "/db/migrate.sh"]
    environment: { PGHOST: db, PGUSER: shop, PGPASSWORD: secret }
    volumes: ["./db:/db:ro"]
    depends_on: { db: { condition: service_healthy } }
  db:
    image: postgres:17
    restart: unless-stopped
    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: secret }
    volumes: ["pgdata:/var/lib/postgresql/data"]
volumes: { pgdata: }
`;
/** Each migration once, as tools do it. */
const migrate = `set -e
for file in /db/migrations/*.sql; do
  name=$(basename "$file")
  [ -z "$(psql -Atqc "select 1 from applied where name = '$name'")" ] || continue
  psql -q -v ON_ERROR_STOP=1 -f "$file" -c "insert into applied values ('$name')"
done
`;
const manifest = "routes: { web: 3000 }\ndata:\n  db: { seed: [ db/seed.sql ], migrations: db/migrations/* }\n";
const first = "db/migrations/001_guests.sql";
const second = "db/migrations/002_orders.sql";
const files = {
  ".mayfly.yaml": manifest,
  "db/seed.sql": "CREATE TABLE applied (name text);\n",
  "db/migrate.sh": migrate,
  [first]: "create table guest (name text); insert into guest values ('ada');\n",
};

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop({ compose, files }) });
});
afterAll(() => endScenario(scenario));

const keyOf = async (slug: string) => (await scenario.mayfly.show(slug))?.key ?? "";
/** Asks the database of a preview that serves. */
async function ask(slug: string, sql: string): Promise<string> {
  const label = [
    `dev.mayfly.server=${scenario.serverId}`,
    `dev.mayfly.preview=${await keyOf(slug)}`,
    "dev.mayfly.service=db",
  ];
  // The one before it may still be on its way out.
  const database = await eventually(
    async () => {
      const running = await scenario.docker.listContainers({ filters: { label } });
      expect(running).toHaveLength(1);
      return running[0];
    },
    { timeoutMs: 20_000 },
  );
  const command = ["psql", "-U", "shop", "-Atqc", sql];
  const signal = AbortSignal.timeout(20_000);
  const { lines } = await execute({ docker: scenario.docker, clock }, database?.Id ?? "none", { command, signal });
  return lines.join("\n");
}
const guests = (slug: string) => ask(slug, "select string_agg(name, ' ' order by name) from guest");
const say = (number: number, body: string) =>
  scenario.github.comment({ repo: repository, number, author: "bob", body });
const served = (slug: string, generation: number) =>
  scenario.seen(slug, ({ serving, newest }) => serving?.generation === generation && newest?.phase === "ready");
const told = (number: number, text: string) =>
  eventually(async () => expect(await scenario.comment(number)).toContain(text), { timeoutMs: 20_000 });

describe("data over pushes", () => {
  test("a new migration runs on the data that is there; an edited one gets new data, and says so; /restore swaps them back and forth", async () => {
    tellOnFailure(scenario);
    const number = await scenario.open({ branch: "one", files: { "web/page.txt": "one" } });
    const slug = `shop-pr-${number}`;
    await served(slug, 1);
    expect(await guests(slug)).toBe("ada");

    const added = await scenario.push({ branch: "one", files: { [second]: "insert into guest values ('bob');\n" } });
    const kept = await scenario.serving(slug, added);
    expect(await guests(slug)).toBe("ada bob");
    expect(kept).toMatchObject({ dataNotes: [], retired: [] });

    const edited = await scenario.push({ branch: "one", files: { [second]: "insert into guest values ('cleo');\n" } });
    const anew = await scenario.serving(slug, edited);
    expect(await guests(slug)).toBe("ada cleo");
    expect(anew.dataNotes[0]).toBe(`db re-branched: \`${second}\` was edited`);
    expect(anew.retired).toMatchObject([{ service: "db", cause: `\`${second}\` was edited` }]);
    await told(number, `re-branched: \`${second}\` was edited`);
    await told(number, "`/restore` brings it back");

    await say(number, "/restore");
    const back = await served(slug, 4);
    expect(await guests(slug)).toBe("ada bob");
    expect(back.retired).toMatchObject([{ service: "db", cause: "`/restore`" }]);
    await say(number, "/restore");
    await served(slug, 5);
    expect(await guests(slug)).toBe("ada cleo");
  });

  test("what people wrote is not thrown away by an edited migration: it waits for /reset, which takes seconds and can be undone", async () => {
    tellOnFailure(scenario);
    const number = await scenario.open({ branch: "two", files: { "web/page.txt": "two" } });
    const slug = `shop-pr-${number}`;
    await served(slug, 1);
    await ask(slug, "insert into guest values ('reviewer')");
    const edited = await scenario.push({
      branch: "two",
      files: { [first]: "create table guest (name text); insert into guest values ('eve');\n" },
    });
    const waits = await scenario.serving(slug, edited);
    expect(await guests(slug)).toBe("ada reviewer");
    expect(waits.dataNotes).toEqual([
      `db keeps its data, although \`${first}\` was edited: data was written since. \`/reset\` begins anew, and keeps what is there for a day`,
    ]);
    await told(number, `although \`${first}\` was edited`);

    await say(number, "/reset");
    const reset = await served(slug, 3);
    expect(await guests(slug)).toBe("eve");
    expect(Number(/branched in (\d+) ms/.exec(reset.data ?? "")?.[1])).toBeLessThan(1000);
    await say(number, "/restore");
    await served(slug, 4);
    expect(await guests(slug)).toBe("ada reviewer");
  });

  test("a push that fails after its migration leaves the old code answering, and says that the data met the migration", async () => {
    tellOnFailure(scenario);
    const number = await scenario.open({ branch: "three", files: { "web/page.txt": "three" } });
    const slug = `shop-pr-${number}`;
    const { url } = await served(slug, 1);
    await scenario.push({
      branch: "three",
      files: { [second]: "insert into guest values ('bob');\n", "web/server.js": "process.exit(1);\n" },
    });
    const failed = await scenario.seen(slug, ({ newest }) => newest?.phase === "failed");
    expect((await scenario.mayfly.visit(url)).body).toMatch(/^three at/);
    expect(await guests(slug)).toBe("ada bob");
    expect(failed.serving?.generation).toBe(1);
    expect(failed.dataNotes[0]).toContain(`ran \`${second}\` on the data of db`);
    await told(number, `The failed attempt ran \`${second}\` on the data of db`);

    // Nobody wrote but the attempt itself: mended, the migration gets new data.
    const mended = await scenario.push({
      branch: "three",
      files: { [second]: "insert into guest values ('dan');\n", "web/server.js": miniShop()["web/server.js"]! },
    });
    await scenario.serving(slug, mended);
    expect(await guests(slug)).toBe("ada dan");
  });
});

test("ten previews that open at once branch from one snapshot, and none sees what another writes", async () => {
  tellOnFailure(scenario);
  const lean = {
    "compose.yaml": `services:
  web: { image: "nginx:stable", ports: ["80"], depends_on: { db: { condition: service_healthy } } }
  db:
    image: postgres:17
    command: postgres -c shared_buffers=16MB
    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: secret }
    volumes: ["pgdata:/var/lib/postgresql/data"]
volumes: { pgdata: }
`,
    ".mayfly.yaml": "routes: { web: 80 }\ndata:\n  db: { seed: [ db/ten.sql ] }\n",
    "db/ten.sql":
      "CREATE TABLE guest (name text);\nINSERT INTO guest SELECT 'guest ' || n FROM generate_series(1, 100) n;\n",
  };
  const caches = async () => {
    const filters = { label: [`dev.mayfly.server=${scenario.serverId}`, "dev.mayfly.kind=snapshot"] };
    return (await scenario.docker.listVolumes({ filters })).Volumes.length;
  };
  const before = await caches();
  const ten = Array.from({ length: 10 }, (_, index) => `ten${index}`);
  const slugs = (await Promise.all(ten.map((branch) => scenario.open({ branch, files: lean })))).map(
    (n) => `shop-pr-${n}`,
  );
  for (const slug of slugs) await served(slug, 1);
  expect(await caches()).toBe(before + 1);
  await Promise.all(
    slugs.map((slug, index) => ask(slug, `INSERT INTO guest SELECT 'x' FROM generate_series(1, ${index})`)),
  );
  const counts = await Promise.all(slugs.map((slug) => ask(slug, "SELECT count(*) FROM guest")));
  expect(counts).toEqual(slugs.map((_, index) => String(100 + index)));
}, 240_000);
