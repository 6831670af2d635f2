import { expect } from "vitest";
import { labels } from "../../src/domain/labels.ts";
import type { EngineCall, Fate } from "./engine-proxy.ts";
import { eventually } from "./eventually.ts";
import { type Acted, contentsOf, expectGone, type KillStage, patience } from "./kill-stage.ts";
import { miniShop } from "./mini-shop.ts";
import { repository, type Scenario } from "./scenario.ts";

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

export type Fates = Record<"deploy" | "push" | "sleep" | "wake" | "remove", (call: EngineCall) => Fate>;

type Life = { branch: string; fates: Fates; expected?: string[][] };

/**
 * One pull request's life in five acts, each with its own fates, waited for until it ends as `expected` (without it:
 * until nothing moves any more); answers how each ended and which calls it made.
 */
export async function live(stage: KillStage, { branch, fates, expected = [] }: Life): Promise<Acted<string[]>[]> {
  const acted: Acted<string[]>[] = [];
  const act = async (fate: Fates["deploy"], begin: () => Promise<void>, end: () => Promise<string[]>) =>
    void acted.push(await stage.act(fate, { begin, end }));
  let number = 0;
  let commit = "";
  const settled = () => settledAt(stage, { number, commit, expected: expected[acted.length] });
  await act(
    fates.deploy,
    async () => {
      number = await stage.open({ branch, files: shopWithData(`first of ${branch}`) });
      commit = (await stage.github.pull(repository, number)).head.sha;
    },
    settled,
  );
  await act(
    fates.push,
    async () => {
      commit = await stage.push({ branch, files: shopWithData(`second of ${branch}`) });
    },
    settled,
  );
  const say = async (body: string) =>
    void (await stage.github.comment({ repo: repository, number, author: "bob", body }));
  await act(
    fates.sleep,
    () => say("/sleep"),
    () => asleepAt(stage, number, expected[acted.length]),
  );
  await act(fates.wake, () => say("/wake"), settled);
  await act(
    fates.remove,
    () => stage.github.close({ repo: repository, number, author: "ann" }),
    () => goneAt(stage, number),
  );
  return acted;
}

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
    const there = (await contentsOf(scenario, view!.key)).map((line) => line.replaceAll(slug, "shop"));
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
    const there = (await contentsOf(scenario, view!.key)).map((line) => line.replaceAll(slug, "shop"));
    expect(there.filter((line) => line.includes(" running "))).toEqual([]);
    const last = before;
    before = there;
    expect(there).toEqual(expected ?? last);
    return there;
  }, patience);
}

async function goneAt(scenario: Scenario, number: number): Promise<string[]> {
  await eventually(() => expectGone(scenario, number), patience);
  return [];
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
