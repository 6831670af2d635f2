import { dirname, resolve } from "node:path";
import type { Logger } from "pino";
import type { ServerConfig } from "./config/server.ts";
import { createEditions, type Editions, type EditionOptions } from "./data/source/editions.ts";
import { createRefresh, type Refresh } from "./data/source/refresh.ts";
import { createSeedSources, type SeedSources } from "./data/source/seed-sources.ts";
import type { SnapshotJobs } from "./data/snapshot/jobs.ts";
import type { DataHost } from "./data/data-host.ts";
import type { SnapshotOrigin } from "./domain/snapshot.ts";
import { createImageAccess } from "./engine/image-access.ts";
import { every } from "./reconcile/every.ts";
import type { Source as Git } from "./reconcile/ports.ts";
import type { Store } from "./store/store.ts";

type Options = DataHost & {
  config: Pick<ServerConfig, "sources" | "path" | "secretSources" | "registries" | "builds">;
  maskingKey: string;
  store: Pick<Store, "editions" | "snapshots">;
} & Pick<EditionOptions, "disk" | "onEnd" | "onRead">;

export type Sources = AsyncDisposable & {
  seeds: SeedSources;
  editions: Editions;
  /** Reads what is due, from now on until it is disposed. */
  keepFresh(work: { snapshots: SnapshotJobs; git: Pick<Git, "checkout"> }): Refresh & AsyncDisposable;
};

const everyMs = 5_000;

/** Fits the sources of the server file to who loads them, and to the time. */
export function createSources({ config, store, maskingKey, log, ...options }: Options): Sources {
  const host = { ...options, log };
  const place = { folder: resolve(dirname(config.path)), environment: environmentOf(config) };
  const images = createImageAccess(host.docker, config.registries);
  const imageOf = async (reference: string, signal: AbortSignal): Promise<string> => {
    const owner = { repositoryId: 0, trust: "team" } as const;
    const find = () => images.resolve({ kind: "pull", reference }, null, owner);
    const found = await find();
    if (found === null) await images.pull(reference, "team", signal);
    return (found ?? (await find()))?.id ?? reference;
  };
  const masking = { salt: maskingKey, memoryBytes: config.builds.memoryBytes, imageOf };
  const editions = createEditions({ ...host, sources: config.sources, rows: store.editions, place, masking });
  return {
    editions,
    seeds: createSeedSources(config.sources, editions),
    keepFresh({ snapshots, git }) {
      const open = (origin: SnapshotOrigin) => (signal: AbortSignal, paths: readonly string[]) =>
        git.checkout(origin, origin.commit, signal, paths);
      const refresh = createRefresh({
        ...host,
        sources: config.sources,
        editions,
        rows: store.editions,
        snapshots: {
          sweep: () => snapshots.sweep(),
          all: store.snapshots.all,
          fail: store.snapshots.fail,
          rebuild: (row, cause) => snapshots.rebuild(row, { cause, open: open(row.origin) }),
        },
      });
      return { ...refresh, ...watch({ refresh, clock: host.clock, log: host.log }) };
    },
    [Symbol.asyncDispose]: () => editions[Symbol.asyncDispose](),
  };
}

type Watch = { refresh: Refresh; clock: DataHost["clock"]; log: Logger };

/** What a killed Mayfly left of raw data goes before anything else is done. */
function watch({ refresh, clock, log }: Watch): AsyncDisposable {
  let isSwept = false;
  const look = async (): Promise<void> => {
    if (!isSwept) await refresh.sweep();
    isSwept = true;
    await refresh.tick();
  };
  const failed = "sources could not be looked after";
  const lookNow = (): void => {
    look().catch((error: unknown) => log.error({ err: error }, failed));
  };
  lookNow();
  return every({ everyMs, look: lookNow, failed, clock, log });
}

/** Clients such as ssh and pg_dump are set up by the server's environment; our own credentials are not for them. */
function environmentOf({ secretSources: { environment } }: Options["config"]): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("MAYFLY_")));
}
