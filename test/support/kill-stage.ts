import type { Fate, EngineCall, EngineProxy } from "./engine-proxy.ts";
import { createEngineProxy } from "./engine-proxy.ts";
import { expect } from "vitest";
import { labels } from "../../src/domain/labels.ts";
import { eventually } from "./eventually.ts";
import { miniShop } from "./mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario } from "./scenario.ts";

/** A page, in a file that is bound, and its seeded database: every kind of thing a preview has. */
export function shopWithData(page: string): Record<string, string> {
  return miniShop({
    page,
    compose: `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    depends_on: { db: { condition: service_healthy } }
    environment: { COMMIT: "\${MAYFLY_COMMIT:-none}" }
    volumes: ["./web/page.txt:/app/page.txt:ro"]
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: shop }
    volumes: ["pgdata:/var/lib/postgresql/data"]
    restart: unless-stopped
volumes: { pgdata: }
`,
    files: {
      ".mayfly.yaml": "routes: { web: 3000 }\ndata:\n  db: { volume: pgdata, seed: [db/seed.sql] }\n",
      "db/seed.sql": "CREATE TABLE cart (id int);\nINSERT INTO cart VALUES (1);\n",
    },
  });
}

export type KillStage = Scenario & {
  proxy: EngineProxy;
  /** How often Mayfly was killed. */
  kills(): number;
  /**
   * One pull request's life in five acts, each with its own fates, waited for until it ends as `expected` (without it:
   * until nothing moves any more); answers how each ended and which calls it made.
   */
  life(branch: string, fates: Fates, expected?: string[][]): Promise<{ ends: string[][]; calls: EngineCall[][] }>;
};

export type Fates = Record<"deploy" | "push" | "sleep" | "wake" | "remove", (call: EngineCall) => Fate>;

/** Mayfly over an engine socket that can kill it around any call; whenever it dies it is started again. */
export async function startKillStage(): Promise<KillStage> {
  let kills = 0;
  let scenario: Scenario | undefined;
  const proxy = await createEngineProxy({
    async kill() {
      kills += 1;
      await scenario?.mayfly.kill();
    },
  });
  scenario = await startScenario({ files: shopWithData("first"), config: { engine: { host: proxy.host } } });
  const { mayfly } = scenario;
  const over = Promise.withResolvers<"over">();
  const watching = (async () => {
    // A kill may come late and meet a process already dead, or one that is just starting: only its end counts.
    while ((await Promise.race([mayfly.ended(), over.promise])) !== "over") await mayfly.start().catch(() => undefined);
  })();

  return {
    ...scenario,
    proxy,
    kills: () => kills,
    life: (branch, fates, expected = []) => live(scenario, proxy, { branch, fates, expected }),
    async [Symbol.asyncDispose]() {
      proxy.judge(() => "pass");
      over.resolve("over");
      await watching;
      await endScenario(scenario);
      await proxy[Symbol.asyncDispose]();
    },
  };
}

type Life = { branch: string; fates: Fates; expected: string[][] };

async function live(scenario: Scenario, proxy: EngineProxy, { branch, fates, expected }: Life) {
  const calls: EngineCall[][] = [];
  const ends: string[][] = [];
  const act = async (fate: Fates["deploy"], begin: () => Promise<void>, end: () => Promise<string[]>) => {
    const from = proxy.calls.length;
    proxy.judge(fate);
    await begin();
    ends.push(await end());
    calls.push(proxy.calls.slice(from));
    proxy.judge(() => "pass");
  };
  let number = 0;
  let commit = "";
  const settled = () => settledAt(scenario, { number, commit, expected: expected[ends.length] });
  await act(
    fates.deploy,
    async () => {
      number = await scenario.open({ branch, files: shopWithData(`first of ${branch}`) });
      commit = (await scenario.github.pull(repository, number)).head.sha;
    },
    settled,
  );
  await act(
    fates.push,
    async () => {
      commit = await scenario.push({ branch, files: shopWithData(`second of ${branch}`) });
    },
    settled,
  );
  const say = async (body: string) =>
    void (await scenario.github.comment({ repo: repository, number, author: "bob", body }));
  await act(
    fates.sleep,
    () => say("/sleep"),
    () => asleepAt(scenario, number, expected[ends.length]),
  );
  await act(fates.wake, () => say("/wake"), settled);
  await act(
    fates.remove,
    () => scenario.github.close({ repo: repository, number, author: "ann" }),
    () => goneAt(scenario, number),
  );
  return { ends, calls };
}

/** Twenty kills in one act, each with a start of Mayfly, on a machine that is busy with other work. */
const patience = { timeoutMs: 270_000, everyMs: 300 };

/** Waits until it serves the commit and nothing else is left; answers everything that is there, without nonces. */
async function settledAt(
  scenario: Scenario,
  { number, commit, expected }: { number: number; commit: string; expected: string[] | undefined },
): Promise<string[]> {
  let before: string[] | undefined;
  const slug = `shop-pr-${number}`;
  return await eventually(async () => {
    const view = await scenario.mayfly.show(slug);
    expect(view).toMatchObject({ serving: { commit }, newest: { phase: "ready" } });
    expect((await scenario.mayfly.visit(view!.url)).body).toContain(`at ${commit}`);
    const there = (await contents(scenario, view!.key)).map((line) => line.replaceAll(slug, "shop"));
    const [last, now] = [before, there];
    before = now;
    expect(now).toEqual(expected ?? last);
    expect(await carts(scenario, view!.key)).toBe("1");
    expect((await scenario.comment(number)).split("\n")[0]).toContain(`is ready at [\`${commit.slice(0, 7)}\``);
    return there;
  }, patience);
}

/** Waits until nothing of it runs, and all of it is there. */
async function asleepAt(scenario: Scenario, number: number, expected: string[] | undefined): Promise<string[]> {
  let before: string[] | undefined;
  const slug = `shop-pr-${number}`;
  return await eventually(async () => {
    const view = await scenario.mayfly.show(slug);
    expect(view).toMatchObject({ phase: "asleep", asleep: "stopped" });
    const there = (await contents(scenario, view!.key)).map((line) => line.replaceAll(slug, "shop"));
    expect(there.filter((line) => line.includes(" running "))).toEqual([]);
    const last = before;
    before = there;
    expect(there).toEqual(expected ?? last);
    return there;
  }, patience);
}

async function goneAt(scenario: Scenario, number: number): Promise<string[]> {
  return await eventually(async () => {
    const view = await scenario.mayfly.show(`shop-pr-${number}`);
    expect(view?.phase).toBe("gone");
    expect(await contents(scenario, view!.key)).toEqual([]);
    expect((await scenario.comment(number)).split("\n")[0]).toMatch(/^Gone/);
    return [];
  }, patience);
}

/** What carries the preview's label, each by what makes it what it is. */
async function contents({ docker, serverId }: Scenario, key: string): Promise<string[]> {
  const filters = { label: [`${labels.server}=${serverId}`, `${labels.preview}=${key}`] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  return [
    ...containers.map(({ Labels, State, NetworkSettings, Mounts }) => {
      const places = Object.keys(NetworkSettings.Networks).toSorted().join(" ");
      const data = Mounts.map((mount) => withoutNonce(mount.Name ?? "")).join(" ");
      return `${Labels[labels.service] ?? Labels[labels.kind]} ${State} g${Labels[labels.generation]} in ${places} on ${data}`;
    }),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...volumes.Volumes.map(({ Name }) => `volume ${withoutNonce(Name)}`),
  ].toSorted();
}

/** How many rows the seed made: twice seeded would be two. */
async function carts({ docker, serverId }: Scenario, key: string): Promise<string> {
  const label = [`${labels.server}=${serverId}`, `${labels.preview}=${key}`, `${labels.service}=db`];
  const [db] = await docker.listContainers({ filters: { label } });
  if (!db) throw new Error("there is no database");
  const exec = await docker.getContainer(db.Id).exec({
    Cmd: ["psql", "-U", "postgres", "-Atc", "SELECT count(*) FROM cart"],
    AttachStdout: true,
    Tty: true,
  });
  const stream = await exec.start({ Tty: true });
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text.trim();
}

function withoutNonce(name: string): string {
  return name.replace(/_[0-9a-f]{8}(?=$|\.)/, "");
}
