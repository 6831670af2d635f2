import type { ServerConfig } from "./config/server.ts";
import { runAnchor, runBranch } from "./data/branch/branch.ts";
import { runSeed } from "./data/seed/load.ts";
import { withinLimits } from "./data/seed/limits.ts";
import { createSnapshotJobs, type SnapshotJobs } from "./data/snapshot/jobs.ts";
import { countOf, isSameCount } from "./data/branch/count.ts";
import { chooseStrategy } from "./data/branch/strategy.ts";
import type { DataHost } from "./data/data-host.ts";
import type { Editions, EditionOptions } from "./data/source/editions.ts";
import type { Refresh } from "./data/source/refresh.ts";
import type { SeedSources } from "./data/source/seed-sources.ts";
import { createSources } from "./app-sources.ts";
import type { Strategy } from "./domain/data.ts";
import { hostRoutes } from "./doctor/look.ts";
import { previewLabels } from "./domain/labels.ts";
import type { Disk } from "./engine/disk.ts";
import { createSubnets } from "./engine/subnets.ts";
import { createVolumeUsage, type VolumeUsage } from "./engine/volume-usage.ts";
import type { Step } from "./plan/step.ts";
import type { DataBranches } from "./reconcile/data-ports.ts";
import type { Source, StepContext } from "./reconcile/ports.ts";
import type { Store } from "./store/store.ts";

type DataOptions = DataHost & {
  config: Pick<ServerConfig, "builds" | "data" | "network" | "sources" | "path" | "secretSources" | "registries">;
  maskingKey: string;
  store: Pick<Store, "snapshots" | "editions">;
  disk: Disk;
  /** A snapshot that this preview waits for was built, or was not. */
  onEnd(previewKey: string): void;
} & Pick<EditionOptions, "onRead">;

/** `secrets`: values of those that a seed's programs are given. */
type DataContext = StepContext & { secrets?: ReadonlyMap<string, string> };

export type Data = AsyncDisposable & {
  branches: DataBranches;
  snapshots: SnapshotJobs & { requestSources: SeedSources["request"] };
  editions: Editions;
  usage: VolumeUsage;
  /** Keeps what sources gave as fresh as their schedules say, until it is disposed. */
  keepFresh(git: Pick<Source, "checkout">): Refresh & AsyncDisposable;
  /** Runs the step if it is one about data; false when it is somebody else's. */
  run(step: Step, context: DataContext): Promise<boolean>;
};

/** Fits the data room to the loop: snapshots as jobs, branches and seeds as steps. */
export function createData(options: DataOptions): Data {
  const { config, store, log, ...rest } = options;
  const host = { ...rest, log: log.child({ room: "data" }) };
  const subnets = createSubnets(host.docker, config.network.pool, hostRoutes);
  const usage = createVolumeUsage(host);
  const sources = createSources({ ...host, config, store });
  const jobs = createSnapshotJobs({
    ...host,
    ...config.builds,
    ...config.data,
    subnets,
    usage,
    sources: sources.seeds,
    rows: store.snapshots,
  });
  let chosen: Promise<Strategy> | undefined;
  const strategy = (): Promise<Strategy> => {
    chosen ??= chooseStrategy(host).then(
      (found) => {
        host.log.info({ strategy: found }, "how data branches are made here");
        return found;
      },
      (error: unknown) => {
        // The engine did not answer: whoever asks next tries again.
        chosen = undefined;
        throw error;
      },
    );
    return chosen;
  };
  const request: SnapshotJobs["request"] = (...asked) => {
    strategy().catch(() => {
      // Told where a branch is to be made; here it only saves the first one the trial's time.
    });
    return jobs.request(...asked);
  };
  const seed = async (step: Extract<Step, { kind: "seed" }>, context: DataContext): Promise<void> => {
    const generation = Object.values(step.programs)[0]?.generation ?? 0;
    const labels = previewLabels({ server: host.server, preview: context.preview.key }, "helper", generation);
    const about = { service: step.service.name, signal: context.signal };
    await withinLimits({ ...host, ...config.builds }, about, (signal) =>
      runSeed(host, step, {
        ...context,
        labels,
        signal,
        openEdition: (name) => sources.seeds.open(name, step.service, signal),
      }),
    );
  };
  return {
    snapshots: { ...jobs, request, requestSources: sources.seeds.request },
    branches: { strategy, isSameCount, countOf: (data) => countOf(host, data) },
    editions: sources.editions,
    usage,
    keepFresh: (git) => sources.keepFresh({ snapshots: jobs, git }),
    async run(step, context) {
      switch (step.kind) {
        case "seed":
          await seed(step, context);
          return true;
        case "branch":
          await runBranch({ ...host, ...config.builds }, step, { ...context, strategy: await strategy() });
          return true;
        case "anchor":
          await runAnchor(host, step, context);
          return true;
        default:
          return false;
      }
    },
    async [Symbol.asyncDispose]() {
      await sources[Symbol.asyncDispose]();
      await jobs[Symbol.asyncDispose]();
    },
  };
}
