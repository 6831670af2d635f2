import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execute } from "../../src/engine/exec.ts";
import type { SnapshotView } from "../../src/domain/snapshot.ts";
import { mayfly as cli } from "../cli/spawned.ts";
import { clock } from "../engine/world.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const compose = `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    environment:
      COMMIT: \${MAYFLY_COMMIT:-none}
    depends_on:
      db: { condition: service_healthy }
  db:
    image: postgres:17
    restart: unless-stopped
    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: secret, POSTGRES_DB: shop }
    volumes: [ "pgdata:/var/lib/postgresql/data" ]
volumes:
  pgdata:
`;
const guests = (count: number, more = "") =>
  `CREATE TABLE guest (name text);\nINSERT INTO guest SELECT 'guest ' || n FROM generate_series(1, ${count}) n;\n${more}`;
const shop = (seed: string) =>
  miniShop({ compose, files: { ".mayfly.yaml": "data:\n  db: { seed: [ seed.sql ] }\n", "seed.sql": seed } });

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: shop(guests(300)) });
});
afterAll(() => endScenario(scenario));

/** Asks the database of a preview that serves. */
async function ask(slug: string, sql: string): Promise<string> {
  const label = [
    `dev.mayfly.server=${scenario.serverId}`,
    `dev.mayfly.preview=${await keyOf(slug)}`,
    "dev.mayfly.service=db",
  ];
  const [database] = await scenario.docker.listContainers({ filters: { label } });
  const command = ["psql", "-U", "shop", "-Atqc", sql];
  const signal = AbortSignal.timeout(20_000);
  const { lines } = await execute({ docker: scenario.docker, clock }, database?.Id ?? "none", { command, signal });
  return lines.join("\n");
}

const keyOf = async (slug: string) => (await scenario.mayfly.show(slug))?.key ?? "";
const say = (number: number, body: string) =>
  scenario.github.comment({ repo: repository, number, author: "bob", body });
const ready = (slug: string) =>
  scenario.seen(slug, ({ phase, newest }) => phase === "ready" && newest?.phase === "ready");
const caches = async () => {
  const filters = { label: [`dev.mayfly.server=${scenario.serverId}`, "dev.mayfly.kind=snapshot"] };
  return (await scenario.docker.listVolumes({ filters })).Volumes.map(({ Name }) => Name);
};
const builders = async () => {
  const filters = { label: [`dev.mayfly.server=${scenario.serverId}`, "dev.mayfly.kind=helper"] };
  return (await scenario.docker.listContainers({ all: true, filters })).map(({ Id }) => Id);
};
/** Sorted, since the engine lists volumes in no order. */
const volumesOf = async (slug: string) =>
  (await scenario.objects(await keyOf(slug))).filter((name) => name.startsWith("volume")).toSorted();

/** Bytes of all files of a volume, as a program finds them. */
async function filesIn(volume: string): Promise<number> {
  const container = await scenario.docker.createContainer({
    Image: "postgres:17",
    Entrypoint: ["find", "/volume", "-type", "f", "-printf", "%s\\n"],
    Labels: { "dev.mayfly.server": scenario.serverId },
    HostConfig: {
      NetworkMode: "none",
      Mounts: [{ Type: "volume", Source: volume, Target: "/volume", ReadOnly: true }],
    },
  });
  try {
    await container.start();
    await container.wait();
    const said = (await container.logs({ stdout: true, stderr: true })).toString("latin1");
    return (said.match(/\d+(?=\n)/g) ?? []).reduce((sum, each) => sum + Number(each), 0);
  } finally {
    await container.remove({ force: true });
  }
}

describe("data of previews", () => {
  test("the first preview builds the snapshot, several branch from it at once, and each writes for itself", async () => {
    tellOnFailure(scenario);
    const numbers = await Promise.all(
      ["one", "two", "three"].map((branch) => scenario.open({ branch, files: { "web/page.txt": branch } })),
    );
    expect(numbers).toHaveLength(3);
    const views = await Promise.all([1, 2, 3].map((number) => ready(`shop-pr-${number}`)));
    for (const { data } of views)
      expect(data).toMatch(/^db has the data of seed [0-9a-f]{8}, branched in \d+ ms by overlay$/);
    expect(await caches()).toHaveLength(1);
    expect(await builders()).toEqual([]);

    await ask("shop-pr-1", "INSERT INTO guest VALUES ('ada')");
    expect(await Promise.all([1, 2, 3].map((n) => ask(`shop-pr-${n}`, "SELECT count(*) FROM guest")))).toEqual([
      "301",
      "300",
      "300",
    ]);
    await eventually(
      async () => expect(await scenario.comment(1)).toMatch(/Data: db has the data of seed [0-9a-f]{8}/),
      {
        timeoutMs: 20_000,
      },
    );
  });

  test("mayfly snapshot tells what all share and what each wrote, as it is on the engine", async () => {
    tellOnFailure(scenario);
    await ask("shop-pr-2", "CREATE TABLE big AS SELECT repeat(md5(n::text), 30) FROM generate_series(1, 6000) n");
    await ask("shop-pr-2", "CHECKPOINT");
    const environment = { MAYFLY_SERVER: scenario.mayfly.url, MAYFLY_API_TOKEN: scenario.mayfly.token };
    const listed = await cli(["snapshot", "ls", "--json"], { environment });
    const shared = (JSON.parse(listed.out) as SnapshotView[]).find(({ branches }) => branches.length > 1)!;
    const shown = await cli(["snapshot", "show", shared.id, "--json"], { environment });
    const view = JSON.parse(shown.out) as SnapshotView;
    expect(view.branches.map(({ preview }) => preview)).toEqual(["shop-pr-1", "shop-pr-2", "shop-pr-3"]);
    const own = Object.fromEntries(view.branches.map(({ preview, bytes }) => [preview, bytes ?? 0]));
    const upper = (slug: string) =>
      volumesOf(slug).then((all) => all.find((name) => name.endsWith(".upper"))!.slice(7));
    const isAbout = (bytes: number, found: number) => Math.abs(bytes - found) < 0.05 * found;
    expect(isAbout(view.bytes ?? 0, await filesIn(view.volume))).toBe(true);
    expect(isAbout(own["shop-pr-2"]!, await filesIn(await upper("shop-pr-2")))).toBe(true);
    expect(own["shop-pr-2"]).toBeGreaterThan(5_000_000);
    expect(own["shop-pr-3"]).toBeLessThan(own["shop-pr-2"]! - 4_000_000);
    expect(view.bytes).toBeGreaterThan(own["shop-pr-3"]!);
  });

  test("a push and /redeploy keep the branch, an edited seed waits where people wrote, and /reset takes it from a pristine one", async () => {
    tellOnFailure(scenario);
    const before = await volumesOf("shop-pr-1");
    const commit = await scenario.push({ branch: "one", files: { "seed.sql": guests(5) } });
    const pushed = await scenario.serving("shop-pr-1", commit);
    expect(pushed.data).toMatch(/; the seed is [0-9a-f]{8} by now, `\/reset` takes it$/);
    expect(pushed.dataNotes[0]).toMatch(/^db keeps its data, although its seed is another: data was written since/);
    await say(1, "/redeploy");
    await scenario.seen("shop-pr-1", ({ serving }) => serving?.generation === 3);
    expect(await ask("shop-pr-1", "SELECT count(*) FROM guest")).toBe("301");
    expect(await volumesOf("shop-pr-1")).toEqual(before);

    await say(1, "/reset");
    const reset = await scenario.seen("shop-pr-1", ({ serving }) => serving?.generation === 4);
    expect(await ask("shop-pr-1", "SELECT count(*) FROM guest")).toBe("5");
    expect(reset.data).toMatch(/^db has the data of seed [0-9a-f]{8}, branched in \d+ ms by overlay$/);
    expect(reset.serving?.seconds).toBeLessThan(20);

    // The same seed as before: no snapshot is built for it.
    await ask("shop-pr-2", "DELETE FROM guest");
    await say(2, "/reset");
    const pristine = await scenario.seen("shop-pr-2", ({ serving }) => serving?.generation === 2);
    expect(await ask("shop-pr-2", "SELECT count(*) FROM guest")).toBe("300");
    expect(await caches()).toHaveLength(2);
    const branchedMs = Number(/branched in (\d+) ms/.exec(pristine.data ?? "")?.[1]);
    expect(branchedMs).toBeLessThan(1000);
  });

  test("somebody removes every stopped container of what sleeps, the anchor too: the next request gets its own row", async () => {
    tellOnFailure(scenario);
    const { mayfly, docker } = scenario;
    const { key, url } = (await mayfly.show("shop-pr-3"))!;
    await ask("shop-pr-3", "INSERT INTO guest VALUES ('mine')");
    await mayfly.api("/api/previews/shop-pr-3/sleep", { method: "POST" });
    const filters = { label: [`dev.mayfly.server=${scenario.serverId}`, `dev.mayfly.preview=${key}`] };
    const all = () => docker.listContainers({ all: true, filters });
    await eventually(
      async () => expect((await all()).map(({ State }) => State).toSorted()).toEqual(["created", "exited", "exited"]),
      { timeoutMs: 40_000 },
    );
    for (const { Id } of await all()) await docker.getContainer(Id).remove();
    expect((await mayfly.visit(url)).status).toBe(200);
    expect(await ask("shop-pr-3", "SELECT count(*) FROM guest WHERE name = 'mine'")).toBe("1");
    await ask("shop-pr-3", "DELETE FROM guest WHERE name = 'mine'");
    await eventually(async () => expect(await all()).toHaveLength(3), { timeoutMs: 20_000 });
  });

  test("an anchor that somebody pruned is made again", async () => {
    tellOnFailure(scenario);
    const label = [
      `dev.mayfly.server=${scenario.serverId}`,
      `dev.mayfly.preview=${await keyOf("shop-pr-3")}`,
      "dev.mayfly.kind=anchor",
    ];
    const find = () => scenario.docker.listContainers({ all: true, filters: { label } });
    const [anchor] = await find();
    await scenario.docker.getContainer(anchor!.Id).remove();
    await eventually(async () => expect(await find()).toHaveLength(1), { timeoutMs: 20_000 });
    expect(await ask("shop-pr-3", "SELECT count(*) FROM guest")).toBe("300");
  });

  test("kill -9 while the snapshot is built, and again while it is branched: the preview comes up whole, and nothing is left of the halves", async () => {
    tellOnFailure(scenario);
    const { mayfly, docker } = scenario;
    const number = await scenario.open({ branch: "four", files: { "seed.sql": guests(40, "SELECT pg_sleep(4);") } });
    const slug = `shop-pr-${number}`;
    const [half] = await eventually(
      async () => {
        const found = await builders();
        const states = await Promise.all(found.map((id) => docker.getContainer(id).inspect()));
        expect(states.map(({ State }) => State.Status)).toEqual(["running"]);
        return found;
      },
      { timeoutMs: 60_000 },
    );
    await mayfly.kill();
    expect(await builders(), "it runs on, unwatched").toEqual([half]);
    await mayfly.start();
    await eventually(async () => expect((await volumesOf(slug)).some((name) => name.endsWith(".upper"))).toBe(true), {
      timeoutMs: 120_000,
      everyMs: 5,
    });
    await mayfly.kill();
    await mayfly.start();
    await ready(slug);
    expect(await ask(slug, "SELECT count(*) FROM guest")).toBe("40");
    await eventually(
      async () => {
        expect(await builders()).toEqual([]);
        expect(await caches()).toHaveLength(3);
        expect(await volumesOf(slug)).toHaveLength(3);
      },
      { timeoutMs: 20_000 },
    );
  });

  test("a seed that fails is told with its line, and a push that mends it brings the preview up", async () => {
    tellOnFailure(scenario);
    const number = await scenario.open({ branch: "five", files: { "seed.sql": "INSERT INTO gest VALUES (1);\n" } });
    const slug = `shop-pr-${number}`;
    const failed = await scenario.seen(slug, ({ phase }) => phase === "failed");
    expect(failed.newest?.failure).toMatchObject({
      code: "seed-failed",
      service: "db",
      what: `seed.sql:1 could not be loaded into db: relation "gest" does not exist`,
    });
    expect(await caches()).toHaveLength(3);
    expect(await volumesOf(slug)).toEqual([]);
    await scenario.serving(slug, await scenario.push({ branch: "five", files: { "seed.sql": guests(300) } }));
    expect(await caches(), "that seed was there already").toHaveLength(3);
  });

  test("a closed pull request takes its branch with it, and leaves the snapshot to the others", async () => {
    tellOnFailure(scenario);
    const key = await keyOf("shop-pr-3");
    await scenario.github.close({ repo: repository, number: 3, author: "ann" });
    await eventually(async () => expect(await scenario.objects(key)).toEqual([]), { timeoutMs: 30_000 });
    expect(await caches()).toHaveLength(3);
    expect(await ask("shop-pr-2", "SELECT count(*) FROM guest")).toBe("300");
  });

  test("mayfly snapshot builds one anew beside who reads the old one, and removes only what nobody reads", async () => {
    tellOnFailure(scenario);
    const environment = { MAYFLY_SERVER: scenario.mayfly.url, MAYFLY_API_TOKEN: scenario.mayfly.token };
    const run = (...args: string[]) => cli(["snapshot", ...args], { environment });
    const all = async () => JSON.parse((await run("ls", "--json")).out) as SnapshotView[];
    const isRead = ({ branches }: SnapshotView) => branches.some(({ preview }) => preview === "shop-pr-2");
    const old = (await all()).find(isRead)!;
    const built = await run("build", "shop-pr-2", "--json");
    expect(built.code).toBe(0);
    const [anew] = JSON.parse(built.out) as SnapshotView[];
    expect(anew).toMatchObject({ key: old.key, newest: true, cause: "asked for", branches: [] });
    expect(await ask("shop-pr-2", "SELECT count(*) FROM guest")).toBe("300");
    expect(await run("rm", old.id)).toMatchObject({ code: 1, err: expect.stringContaining("is read by shop-pr-") });
    expect(await run("rm", anew!.id)).toMatchObject({ code: 0, out: `The snapshot ${anew!.id} is gone.\n` });
    expect(await caches()).not.toContain(anew!.volume);
    expect((await all()).filter(isRead).map(({ id }) => id)).toEqual([old.id]);
    const audit = await scenario.mayfly.api<{ action: string; detail: string }[]>("/api/audit?limit=2");
    expect(audit.map(({ action }) => action)).toEqual(["snapshot-rm", "snapshot-build"]);
  });
});
