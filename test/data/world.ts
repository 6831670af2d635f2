import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execute } from "../../src/engine/exec.ts";
import { runAnchor, runBranch } from "../../src/data/branch/branch.ts";
import { createSnapshotJobs, type SnapshotRequest } from "../../src/data/snapshot/jobs.ts";
import type { SeedSources } from "../../src/data/source/seed-sources.ts";
import type { Strategy } from "../../src/domain/data.ts";
import { branchParts } from "../../src/domain/naming.ts";
import type { Snapshot } from "../../src/domain/stack.ts";
import type { SnapshotWish } from "../../src/domain/snapshot.ts";
import type { Step } from "../../src/plan/step.ts";
import { createVolumeUsage } from "../../src/engine/volume-usage.ts";
import { openStore } from "../../src/store/store.ts";
import { clock, createWorld as createEngineWorld, log } from "../engine/world.ts";
import { eventually } from "../support/eventually.ts";
import type { ServiceSpec } from "../../src/domain/service.ts";
import { service, sqlFiles } from "../support/stack.ts";
import { commitOf } from "./commit.ts";
import { createSubnets } from "../../src/engine/subnets.ts";

const target = "/var/lib/postgresql/data";

/** No seed of theirs names one. */
export const noSources: SeedSources = {
  request: async () => ({ state: "ready", isNews: false }),
  open: async (name) => Promise.reject(new Error(`there is no ${name}`)),
  release: () => undefined,
  isInUse: () => false,
  isEdition: () => false,
};

/** Whose the snapshots of these tests are. */
export const ownedByTeam = {
  repositoryId: 7,
  repository: "acme/shop",
  number: 1,
  trust: "team",
  commit: "1".repeat(40),
  cause: "for shop-pr-1",
} as const;

/** The data room on the real engine, with a Postgres to seed; disposing proves that nothing is left, caches included. */
export async function createWorld() {
  const engine = await createEngineWorld();
  const { docker, server } = engine;
  const folder = mkdtempSync(join(tmpdir(), "mayfly-data-"));
  const store = openStore(join(folder, "mayfly.db"), clock);
  const woken: string[] = [];
  let ids = 0;
  const host = { docker, server, clock, log, randomId: () => `n${String(++ids).padStart(7, "0")}` };
  const budget = { budgetBytes: null, usage: createVolumeUsage({ docker, clock }) };
  const subnets = createSubnets(docker, "10.217.0.0/16");
  const jobs = createSnapshotJobs({
    ...host,
    rows: store.snapshots,
    ...budget,
    sources: noSources,
    parallel: 2,
    timeoutMs: 240_000,
    disk: undefined,
    subnets: subnets,
    onEnd: (key) => woken.push(key),
  });
  const never = new AbortController().signal;
  const scopeOf = (preview: string) => ({
    preview: { key: preview, slug: preview },
    project: engine.project,
    signal: never,
  });

  const db = service("db", {
    image: { kind: "pull", reference: "postgres:17" },
    environment: { POSTGRES_USER: "shop", POSTGRES_PASSWORD: "secret", POSTGRES_DB: "shop" },
    mounts: [{ kind: "volume", volume: "pgdata", target, readOnly: false }],
    kept: true,
  });
  const wishOf = (key: string): SnapshotWish => ({
    key,
    service: db,
    seed: {
      service: "db",
      volume: "pgdata",
      parts: sqlFiles("db/seed.sql"),
      content: `${key}-seed`,
    },
    imageId: engine.images.postgres,
    programs: {},
    readyTimeoutMs: 30_000,
  });
  const requestOf = (sql: string): SnapshotRequest => ({
    owner: ownedByTeam,
    open: async () => commitOf({ "db/seed.sql": sql }),
  });

  return {
    ...engine,
    host,
    subnets,
    budget,
    jobs,
    store,
    woken,
    db,
    wishOf,
    ask: (key: string, sql: string, preview = "7-1", generation = 1, open = requestOf(sql).open) =>
      jobs.request(wishOf(key), { preview, generation }, { ...requestOf(sql), open }),

    /** Asks until it is there. */
    snapshot: (key: string, sql: string): Promise<Snapshot> =>
      eventually(
        async () => {
          const outcome = await jobs.request(wishOf(key), { preview: "7-1", generation: 1 }, requestOf(sql));
          if (outcome.state === "ready") return outcome.snapshot;
          throw new Error(JSON.stringify(outcome));
        },
        { timeoutMs: 60_000, everyMs: 50 },
      ),

    /** Branches into a volume of that preview; answers the volume. */
    async branch(
      snapshot: Snapshot,
      preview: string,
      strategy: Strategy,
      { imageId = engine.images.postgres, timeoutMs = 240_000 } = {},
    ): Promise<string> {
      const name = engine.name(`pgdata_${preview}`);
      const step: Extract<Step, { kind: "branch" }> = {
        kind: "branch",
        id: "branch:pgdata",
        cause: "test",
        after: [],
        name,
        volume: "pgdata",
        dataKey: "k",
        generation: 1,
        service: "db",
        imageId,
        snapshot,
      };
      await runBranch({ ...host, timeoutMs, disk: undefined }, step, { ...scopeOf(preview), strategy });
      return name;
    },
    anchor: (name: string, snapshotVolume: string, preview: string) =>
      runAnchor(host, { name, snapshotVolume, generation: 1 }, scopeOf(preview)),

    /** Runs the database on a volume until disposed. */
    async run(volume: string, its: ServiceSpec = db) {
      const mounted = its.mounts.find((mount) => mount.kind === "volume")?.target;
      const container = await docker.createContainer({
        name: `${volume}.db`,
        Image: engine.images.postgres,
        Labels: { "dev.mayfly.server": server },
        Env: Object.entries(its.environment).map(([name, value]) => `${name}=${value}`),
        HostConfig: { NetworkMode: "none", Mounts: [{ Type: "volume", Source: volume, Target: mounted }] as never },
      });
      await container.start();
      const psql = async (sql: string): Promise<string> => {
        const command = ["psql", "-h", "127.0.0.1", "-U", "shop", "-Atqc", sql];
        const env = ["PGPASSWORD=secret"];
        const { exitCode, lines } = await execute(host, container.id, { command, env, signal: never });
        if (exitCode !== 0) throw new Error(lines.join("\n"));
        return lines.join("\n");
      };
      await eventually(() => psql("SELECT 1"), { timeoutMs: 20_000 });
      return {
        psql,
        logs: async () => (await container.logs({ stdout: true, stderr: true })).toString(),
        [Symbol.asyncDispose]: () => container.remove({ force: true, v: true }),
      };
    },

    /** Removes a branch as a preview's removal does. */
    async drop(volume: string) {
      const { anchor, upper, work } = branchParts(volume);
      await docker
        .getContainer(anchor)
        .remove({ v: true })
        .catch(() => undefined);
      for (const name of [volume, upper, work])
        await docker
          .getVolume(name)
          .remove()
          .catch(() => undefined);
    },

    /** Names of what carries our label, sorted. */
    async left() {
      const filters = { label: [`dev.mayfly.server=${server}`] };
      const containers = await docker.listContainers({ all: true, filters });
      const { Volumes: volumes } = await docker.listVolumes({ filters });
      const names = [...containers.map(({ Names }) => (Names[0] ?? "").slice(1)), ...volumes.map(({ Name }) => Name)];
      return names.toSorted();
    },

    async [Symbol.asyncDispose]() {
      await jobs[Symbol.asyncDispose]();
      for (const { volume } of store.snapshots.all()) await docker.getVolume(volume).remove();
      for (const { Id } of await docker.listImages({ filters: { label: [`dev.mayfly.server=${server}`] } }))
        await docker.getImage(Id).remove();
      store[Symbol.dispose]();
      rmSync(folder, { recursive: true });
      await engine[Symbol.asyncDispose]();
    },
  };
}

export type World = Awaited<ReturnType<typeof createWorld>>;
