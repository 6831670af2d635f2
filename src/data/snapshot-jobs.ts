import { describeFailure, EngineError, type Failure, SourceError } from "../domain/errors.ts";
import { snapshotVolumeName } from "../domain/naming.ts";
import type { Snapshot, Trust } from "../domain/stack.ts";
import { formatSpan } from "../domain/time.ts";
import { allow } from "../engine/docker.ts";
import type { SnapshotWish } from "../plan/snapshots.ts";
import type { DataHost } from "./data-host.ts";
import { buildSnapshot, discardSnapshot } from "./snapshot-build.ts";
import { type SnapshotRows, sweepSnapshots } from "./snapshot-sweep.ts";

/** `isNews`: the subscriber was not told so before. */
export type SnapshotOutcome =
  | { state: "ready"; snapshot: Snapshot; isNews: boolean }
  | { state: "building"; isNews: boolean }
  | { state: "failed"; failure: Failure };

export type Subscriber = { preview: string; generation: number };

/** Whose snapshot it is, and how its seed files are had when it is built. */
export type SnapshotRequest = {
  owner: { repositoryId: number; trust: Trust };
  open(signal: AbortSignal): Promise<AsyncDisposable & { readText(path: string): string | null }>;
};

export type SnapshotJobs = AsyncDisposable & {
  /** The snapshot of that key, if it is there. */
  find(key: string): Promise<Snapshot | null>;
  /**
   * Asks for a snapshot and says where it stands; the end of a job is told once to each subscriber, whose preview
   * `onEnd` is called for. Asking again after a failure builds again.
   */
  request(wish: SnapshotWish, subscriber: Subscriber, request: SnapshotRequest): Promise<SnapshotOutcome>;
  /** Gives up a preview's requests below `generation` (all without it); a job that nobody waits for is cancelled. */
  release(preview: string, generation?: number): void;
  /** Removes what interrupted builds left, and snapshots that nobody has used for long. */
  sweep(): Promise<void>;
};

export type SnapshotOptions = DataHost & {
  rows: SnapshotRows;
  parallel: number;
  timeoutMs: number;
  onEnd(previewKey: string): void;
};

type Job = {
  wish: SnapshotWish;
  /** Whose commit the files are read from. */
  opener: string;
  request: SnapshotRequest;
  /** Known before anything is made, so that a sweep leaves it alone. */
  volume: string;
  /** Preview → the newest generation of it that waits. */
  subscribers: Map<string, number>;
  cancel: AbortController;
};

/** Builds snapshots one job a key, at most `parallel` at a time, first come first served. */
export function createSnapshotJobs(options: SnapshotOptions): SnapshotJobs {
  const { docker, rows, clock } = options;
  const jobs = new Map<string, Job>();
  const queue: Job[] = [];
  const running = new Map<Job, Promise<void>>();
  /** How jobs ended that their subscribers have not been told of: key and preview → generation and failure. */
  const untold = new Map<string, { preview: string; generation: number; failure: Failure | null }>();

  return {
    find,
    async request(wish, subscriber, request) {
      const told = takeEnd(wish.key, subscriber);
      if (told?.failure) return { state: "failed", failure: told.failure };
      const snapshot = await find(wish.key);
      if (snapshot) return { state: "ready", snapshot, isNews: told !== null };
      const job = jobs.get(wish.key) ?? enqueue(wish, subscriber.preview, request);
      const isNews = job.subscribers.get(subscriber.preview) !== subscriber.generation;
      job.subscribers.set(subscriber.preview, subscriber.generation);
      return { state: "building", isNews };
    },
    release(preview, generation = Number.POSITIVE_INFINITY) {
      for (const [key, each] of untold)
        if (each.preview === preview && each.generation < generation) untold.delete(key);
      for (const job of jobs.values()) {
        if ((job.subscribers.get(preview) ?? generation) < generation) job.subscribers.delete(preview);
        if (job.subscribers.size === 0) cancel(job);
      }
    },
    sweep: () =>
      sweepSnapshots(options, (volume) => [...jobs.values(), ...running.keys()].some((job) => job.volume === volume)),
    async [Symbol.asyncDispose]() {
      for (const job of jobs.values()) cancel(job);
      await Promise.all(running.values());
    },
  };

  async function find(key: string): Promise<Snapshot | null> {
    const snapshot = rows.use(key);
    if (snapshot === null || (await allow(docker.getVolume(snapshot.volume).inspect(), 404))) return snapshot;
    // Somebody removed it while no branch needed it.
    rows.forget(snapshot.volume);
    return null;
  }

  function enqueue(wish: SnapshotWish, opener: string, request: SnapshotRequest): Job {
    const volume = snapshotVolumeName(options.server, wish.key, options.randomId(8));
    const job: Job = { wish, opener, request, volume, subscribers: new Map(), cancel: new AbortController() };
    jobs.set(wish.key, job);
    queue.push(job);
    startNext();
    return job;
  }

  function startNext(): void {
    while (running.size < options.parallel) {
      const job = queue.shift();
      if (job === undefined) return;
      const run = perform(job).finally(() => {
        running.delete(job);
        startNext();
      });
      running.set(job, run);
    }
  }

  async function perform(job: Job): Promise<void> {
    const { key, service } = job.wish;
    const startedAt = clock.now();
    let failure: Failure | null = null;
    let isOpeners = false;
    try {
      await buildWithin(options, job);
    } catch (error) {
      failure = describeFailure(error);
      isOpeners = error instanceof SourceError;
    }
    if (job.cancel.signal.aborted) return;
    jobs.delete(key);
    const fields = { service: service.name, snapshot: job.volume, durationMs: clock.now() - startedAt };
    options.log.info({ ...fields, ...(failure && { code: failure.code, what: failure.what }) }, "snapshot ended");
    for (const [preview, generation] of job.subscribers) {
      // That one commit cannot be read says nothing of the others', who ask again.
      if (!isOpeners || preview === job.opener) untold.set(`${key} ${preview}`, { preview, generation, failure });
      options.onEnd(preview);
    }
  }

  function cancel(job: Job): void {
    jobs.delete(job.wish.key);
    if (queue.includes(job)) queue.splice(queue.indexOf(job), 1);
    job.subscribers.clear();
    job.cancel.abort();
  }

  function takeEnd(key: string, subscriber: Subscriber): { failure: Failure | null } | null {
    const name = `${key} ${subscriber.preview}`;
    const ended = untold.get(name);
    untold.delete(name);
    return ended?.generation === subscriber.generation ? ended : null;
  }
}

/** One build from its files to its row, which is what makes it a snapshot, or to the end of its time. */
async function buildWithin(options: SnapshotOptions, { wish, request, volume, cancel }: Job): Promise<void> {
  const { timeoutMs, clock, rows } = options;
  const late = new AbortController();
  const done = new AbortController();
  clock.sleep(timeoutMs, done.signal).then(
    () => late.abort(),
    () => undefined,
  );
  const signal = AbortSignal.any([cancel.signal, late.signal]);
  try {
    await using files = await request.open(signal);
    const readSource = async (path: string): Promise<string> => {
      const text = files.readText(path);
      if (text !== null) return text;
      throw new EngineError("seed-failed", `there is no ${path} in the repository`, { service: wish.service.name });
    };
    const snapshot = await buildSnapshot(options, { wish, owner: request.owner, volume, readSource }, signal);
    if (cancel.signal.aborted) await discardSnapshot(options.docker, volume);
    else rows.publish(snapshot, { ...request.owner, service: wish.service.name, files: wish.seed.files });
  } catch (error) {
    if (!late.signal.aborted || cancel.signal.aborted) throw error;
    const what = `${wish.service.name} was still being seeded after ${formatSpan(timeoutMs)}`;
    throw new EngineError("seed-failed", what, {
      service: wish.service.name,
      hint: "Make the seed smaller, or raise builds.timeout in server.yaml.",
      cause: error,
    });
  } finally {
    done.abort();
  }
}
