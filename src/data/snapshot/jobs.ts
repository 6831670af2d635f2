import type { Failure } from "../../domain/errors.ts";
import { snapshotVolumeName } from "../../domain/naming.ts";
import type { Snapshot } from "../../domain/stack.ts";
import { allow } from "../../engine/docker.ts";
import { createJobs, type Job, type Jobs, type Subscriber } from "../../engine/jobs.ts";
import type { SourceFiles } from "../../engine/step-host.ts";
import type { EditionUse, SnapshotOrigin, SnapshotRow, SnapshotWish } from "../../domain/snapshot.ts";
import { type SeedLimits, withinLimits } from "../seed/limits.ts";
import type { SeedSources } from "../source/seed-sources.ts";
import { buildSnapshot, discardSnapshot, type SnapshotHost } from "./build.ts";
import { type DataBudget, type KeptSnapshots, type SnapshotRows, sweepSnapshots } from "./sweep.ts";

/** `isNews`: the subscriber was not told so before. */
export type SnapshotOutcome =
  | { state: "ready"; snapshot: Snapshot; isNews: boolean }
  | { state: "building"; isNews: boolean }
  | { state: "failed"; failure: Failure };

/** Whose snapshot it is, and how the files of its seed are had when it is built. */
export type SnapshotRequest = {
  owner: Omit<SnapshotOrigin, "wish">;
  open(signal: AbortSignal, paths: readonly string[]): Promise<SourceFiles>;
};

export type SnapshotJobs = AsyncDisposable &
  Pick<Jobs<never>, "release"> & {
    /** The snapshot of that key, if it is there. */
    find(key: string): Promise<Snapshot | null>;
    /**
     * Asks for a snapshot and says where it stands; the end of a job is told once to each subscriber, whose preview
     * `onEnd` is called for. Asking again after a failure builds again.
     */
    request(wish: SnapshotWish, subscriber: Subscriber, request: SnapshotRequest): Promise<SnapshotOutcome>;
    /** Builds one again that is there, for its newer editions; answers why that did not succeed. */
    rebuild(row: SnapshotRow, request: Pick<SnapshotRequest, "open"> & { cause: string }): Promise<Failure | null>;
    /** Removes what interrupted builds left, and snapshots that nobody has used for long, or (`needed`) uses. */
    sweep(kept?: KeptSnapshots): Promise<void>;
  };

export type SnapshotOptions = SnapshotHost &
  DataBudget &
  SeedLimits & {
    rows: SnapshotRows;
    sources: SeedSources;
    parallel: number;
    onEnd(previewKey: string): void;
  };

type Building = {
  wish: SnapshotWish;
  request: SnapshotRequest;
  /** Known before anything is made, so that a sweep leaves it alone. */
  volume: string;
};

/** Builds snapshots one job a key, at most `parallel` at a time, first come first served. */
export function createSnapshotJobs(options: SnapshotOptions): SnapshotJobs {
  const { docker, server, rows, randomId } = options;
  const jobs = createJobs<Building>({
    ...options,
    kind: "snapshot",
    describe: ({ wish, volume }) => ({ service: wish.service.name, snapshot: volume }),
    run: (job) => buildWithin(options, job),
  });
  const volumeFor = (key: string) => snapshotVolumeName(server, key, randomId(8));
  const isBuilding = (volume: string) => jobs.all().some(({ work }) => work.volume === volume);
  return {
    ...jobs,
    release(...given) {
      jobs.release(...given);
      options.sources.release(...given);
    },
    find,
    async request(wish, subscriber, request) {
      const { key } = wish;
      const told = jobs.takeEnd(key, subscriber);
      if (told?.failure) return { state: "failed", failure: told.failure };
      const snapshot = await find(key);
      if (snapshot) return { state: "ready", snapshot, isNews: told !== null };
      const found = await options.sources.request(wish.seed, wish.service, subscriber);
      if (found.state !== "ready") return found;
      const isNews = jobs.join(key, subscriber, () => ({ wish, request, volume: volumeFor(key) }));
      return { state: "building", isNews: isNews || found.isNews };
    },
    rebuild: ({ key, origin: { wish, ...owner } }, { open, cause }) =>
      jobs.wait(key, () => ({ wish, request: { owner: { ...owner, cause }, open }, volume: volumeFor(key) })),
    sweep: (kept) => {
      const { isInUse, isEdition } = options.sources;
      return sweepSnapshots(options, { isInUse: (volume) => isBuilding(volume) || isInUse(volume), isEdition }, kept);
    },
  };

  async function find(key: string): Promise<Snapshot | null> {
    const snapshot = rows.use(key);
    if (snapshot === null || (await allow(docker.getVolume(snapshot.volume).inspect(), 404))) return snapshot;
    // Somebody removed it while no branch needed it.
    rows.forget(snapshot.volume);
    return null;
  }
}

/** One build from its files to its row, which is what makes it a snapshot, or to the end of its time. */
async function buildWithin(options: SnapshotOptions, { work, cancel }: Job<Building>): Promise<void> {
  const { clock, rows } = options;
  const startedAt = clock.now();
  const { wish, request, volume } = work;
  const about = { service: wish.service.name, signal: cancel.signal };
  const editions: EditionUse[] = [];
  const snapshot = await withinLimits(options, about, (signal) => {
    const openSource = (paths: readonly string[]) => request.open(signal, paths);
    const openEdition = async (name: string) => {
      const opened = await options.sources.open(name, wish.service, signal);
      editions.push(opened.edition);
      return opened;
    };
    return buildSnapshot(options, { wish, owner: request.owner, volume, openSource, openEdition }, signal);
  });
  if (cancel.signal.aborted) await discardSnapshot(options.docker, volume);
  else rows.publish(snapshot, { origin: { ...request.owner, wish }, editions, tookMs: clock.now() - startedAt });
}
