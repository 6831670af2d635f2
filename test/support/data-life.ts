import { expect } from "vitest";
import { labels } from "../../src/domain/labels.ts";
import { homeNetworkName } from "../../src/domain/naming.ts";
import type { SnapshotView } from "../../src/domain/snapshot.ts";
import { clock } from "../engine/world.ts";
import { execute } from "../../src/engine/exec.ts";
import type { EngineCall, Fate } from "./engine-proxy.ts";
import { eventually } from "./eventually.ts";
import { type Acted, contentsOf, expectGone, type KillStage, patience, withoutNonces } from "./kill-stage.ts";
import { repository, type Scenario } from "./scenario.ts";

const server = `require("node:http").createServer((_, answer) => answer.end("at " + process.env.COMMIT)).listen(3000, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
`;

/** A page and its database, with nothing to build: what is killed here is the work on the data. */
export function shopOfData(seed: string): Record<string, string> {
  return {
    "compose.yaml": `services:
  web:
    image: node:24
    command: ["node", "-e", ${JSON.stringify(server)}]
    ports: ["3000:3000"]
    depends_on: { db: { condition: service_healthy } }
    environment: { COMMIT: "\${MAYFLY_COMMIT:-none}" }
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: shop }
    volumes: ["pgdata:/var/lib/postgresql/data"]
volumes: { pgdata: }
`,
    ".mayfly.yaml":
      "routes: { web: 3000 }\ndata:\n  db: { volume: pgdata, seed: [db/seed.sql], migrations: db/migrations/* }\n",
    "db/seed.sql": `CREATE TABLE guest (name text);\n${seed}\n`,
  };
}

/** Programs whose answers decide what becomes of data; how often health checks run depends on time. */
export function isDataCall([program = "", ...words]: readonly string[]): boolean {
  if (["psql", "pg_restore", "pg_dump"].includes(program)) return true;
  return program === "sh" && words.some((word) => word.includes("mayfly"));
}

/** What a preview's data has come to. */
export type DataEnd = {
  /** The guests in its database, by name. */
  guests: string;
  /** Why data was replaced that is kept. */
  replaced: string[];
  notes: string[];
  there: string[];
  /** What previews share, and what was made on the way to it. */
  shared: string[];
};

export type DataFates = Record<"build" | "edit" | "reset" | "restore" | "remove", (call: EngineCall) => Fate>;

const pass = () => "pass" as const;
export const inPeace: DataFates = { build: pass, edit: pass, reset: pass, restore: pass, remove: pass };

/**
 * One pull request's data in five acts, each with its own fates, waited for until it ends as `expected`: a first snapshot
 * and a branch of it, an edited seed while nobody has written, `/reset` and `/restore` of what a reviewer wrote, its end.
 */
export async function liveWithData(
  stage: KillStage,
  { branch, fates, expected = [] }: { branch: string; fates: DataFates; expected?: DataEnd[] },
): Promise<Acted<DataEnd>[]> {
  const acted: Acted<DataEnd>[] = [];
  const known = await snapshotsOf(stage);
  const seed = `INSERT INTO guest VALUES ('ada'); -- ${branch}`;
  let number = 0;
  let commit = "";
  let generation = 0;
  const act = async (name: keyof DataFates, begin: () => Promise<void>): Promise<void> => {
    generation += 1;
    const end = () => endOf(stage, { number, commit, generation, known, expected: expected[acted.length] });
    acted.push(await stage.act(fates[name], { begin, end }));
  };
  const say = async (body: string) =>
    void (await stage.github.comment({ repo: repository, number, author: "bob", body }));

  await act("build", async () => {
    number = await stage.open({ branch, files: shopOfData(seed) });
    commit = (await stage.github.pull(repository, number)).head.sha;
  });
  await act("edit", async () => {
    commit = await stage.push({ branch, files: shopOfData(seed.replace("ada", "bob")) });
  });
  await ask(stage, number, "INSERT INTO guest VALUES ('reviewer')");
  await act("reset", () => say("/reset"));
  await act("restore", () => say("/restore"));
  const { end, calls } = await stage.act(fates.remove, {
    begin: () => stage.github.close({ repo: repository, number, author: "ann" }).then(() => undefined),
    end: () => eventually(() => expectGone(stage, number).then(() => sharedOf(stage, known)), patience),
  });
  acted.push({ end: { guests: "", replaced: [], notes: [], there: [], shared: end }, calls });
  return acted;
}

type Awaited = {
  number: number;
  commit: string;
  generation: number;
  known: ReadonlySet<string>;
  expected: DataEnd | undefined;
};

async function endOf(stage: KillStage, { number, commit, generation, known, expected }: Awaited): Promise<DataEnd> {
  const slug = `shop-pr-${number}`;
  let before: DataEnd | undefined;
  return await eventually(async () => {
    const view = await stage.mayfly.show(slug);
    expect(view).toMatchObject({ serving: { commit, generation }, newest: { phase: "ready" } });
    expect((await stage.mayfly.visit(view!.url)).body).toContain(`at ${commit}`);
    const now: DataEnd = {
      guests: await ask(stage, number, "SELECT string_agg(name, ' ' ORDER BY name) FROM guest"),
      replaced: view!.retired.map(({ cause }) => cause),
      notes: view!.dataNotes.map((note) => note.replace(/until .* UTC/, "until then")),
      there: (await contentsOf(stage, view!.key)).map((line) => line.replaceAll(slug, "shop")),
      shared: await sharedOf(stage, known),
    };
    const last = before;
    before = now;
    expect(now).toEqual(expected ?? last);
    expect((await stage.comment(number)).split("\n")[0]).toContain(`is ready at [\`${commit.slice(0, 7)}\``);
    return now;
  }, patience);
}

async function snapshotsOf({ mayfly }: Scenario): Promise<Set<string>> {
  const { snapshots } = await mayfly.api<{ snapshots: SnapshotView[] }>("/api/snapshots");
  return new Set(snapshots.map(({ volume }) => volume));
}

/** Of snapshots that are published: each has its volume; and of all that is no preview's. */
export async function sharedOf(stage: Scenario, known: ReadonlySet<string>): Promise<string[]> {
  const { docker, serverId } = stage;
  const filters = { label: [`${labels.server}=${serverId}`] };
  // A trial of this host's ways that was killed goes after a minute.
  const isTrial = (name: string) => name.includes("mayfly-trial-");
  const isShared = ({ Labels }: { Labels?: Record<string, string> | undefined }) =>
    Labels?.[labels.preview] === undefined;
  const [containers, networks, { Volumes: volumes }, published] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
    snapshotsOf(stage),
  ]);
  const volumeNames = volumes
    .filter(isShared)
    .map(({ Name }) => Name)
    .filter((name) => !isTrial(name));
  expect(volumeNames.toSorted()).toEqual([...published].toSorted());
  return [
    ...containers
      .filter(isShared)
      .map(({ Names }) => `container ${withoutNonces(Names[0]!)}`)
      .filter((name) => !isTrial(name)),
    ...networks
      .filter(isShared)
      .filter(({ Name }) => Name !== homeNetworkName(serverId))
      .map(({ Name }) => `network ${withoutNonces(Name)}`),
    ...volumeNames.filter((name) => !known.has(name)).map((name) => `volume ${withoutNonces(name)}`),
  ].toSorted();
}

export async function ask({ docker, serverId, mayfly }: Scenario, number: number, sql: string): Promise<string> {
  const { key = "", serving } = (await mayfly.show(`shop-pr-${number}`)) ?? {};
  const label = [`${labels.server}=${serverId}`, `${labels.preview}=${key}`, `${labels.service}=db`];
  const found = await docker.listContainers({ filters: { label } });
  expect(found, `one database of g${serving?.generation}`).toHaveLength(1);
  const command = ["psql", "-U", "postgres", "-Atqc", sql];
  const signal = AbortSignal.timeout(20_000);
  const { exitCode, lines } = await execute({ docker, clock }, found[0]!.Id, { command, signal });
  if (exitCode !== 0) throw new Error(lines.join("\n"));
  return lines.join("\n");
}
