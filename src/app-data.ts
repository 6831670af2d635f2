import type Docker from "dockerode";
import type { Logger } from "pino";
import type { ServerConfig } from "./config/server.ts";
import { runAnchor, runBranch } from "./data/branch/branch.ts";
import { runSeed } from "./data/seed/load.ts";
import { withinLimits } from "./data/seed/limits.ts";
import { createSnapshotJobs, type SnapshotJobs } from "./data/snapshot/jobs.ts";
import { countOf, isSameCount } from "./data/branch/count.ts";
import { chooseStrategy } from "./data/branch/strategy.ts";
import type { Strategy } from "./domain/data.ts";
import { hostRoutes } from "./doctor/look.ts";
import { previewLabels } from "./domain/labels.ts";
import type { Disk } from "./engine/disk.ts";
import type { Clock, RandomId } from "./domain/time.ts";
import { createSubnets } from "./engine/subnets.ts";
import type { VolumeUsage } from "./engine/volume-usage.ts";
import type { Step } from "./plan/step.ts";
import type { DataBranches } from "./reconcile/data-ports.ts";
import type { StepContext } from "./reconcile/ports.ts";
import type { Store } from "./store/store.ts";

type DataOptions = {
  config: Pick<ServerConfig, "builds" | "data" | "network">;
  store: Pick<Store, "snapshots">;
  docker: Docker;
  disk: Disk;
  server: string;
  clock: Clock;
  randomId: RandomId;
  log: Logger;
  usage: VolumeUsage;
  /** A snapshot that this preview waits for was built, or was not. */
  onEnd(previewKey: string): void;
};

/** `secrets`: values of those that a seed's programs are given. */
type DataContext = StepContext & { secrets?: ReadonlyMap<string, string> };

export type Data = AsyncDisposable & {
  snapshots: SnapshotJobs;
  branches: DataBranches;
  /** Runs the step if it is one about data; false when it is somebody else's. */
  run(step: Step, context: DataContext): Promise<boolean>;
};

/** Fits the data room to the loop: snapshots as jobs, branches and seeds as steps. */
export function createData(options: DataOptions): Data {
  const { config, store, log, ...rest } = options;
  const host = { ...rest, log: log.child({ room: "data" }) };
  const subnets = createSubnets(host.docker, config.network.pool, hostRoutes);
  const jobs = createSnapshotJobs({ ...host, ...config.builds, ...config.data, subnets, rows: store.snapshots });
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
      runSeed(host, step, { ...context, labels, signal }),
    );
  };
  return {
    snapshots: { ...jobs, request },
    branches: { strategy, isSameCount, countOf: (data) => countOf(host, data) },
    async run(step, context) {
      switch (step.kind) {
        case "seed":
          await seed(step, context);
          return true;
        case "branch":
          await runBranch(host, step, { ...context, strategy: await strategy() });
          return true;
        case "anchor":
          await runAnchor(host, step, context);
          return true;
        default:
          return false;
      }
    },
    [Symbol.asyncDispose]: () => jobs[Symbol.asyncDispose](),
  };
}
