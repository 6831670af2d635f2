import type { Logger } from "pino";
import { describeFailure, type Failure, SourceError } from "../domain/errors.ts";
import type { Clock } from "../domain/time.ts";

/** Who waits for a job: a newer generation of the same preview takes the place of an older one. */
export type Subscriber = { preview: string; generation: number };

/** What takes minutes, and is made once for all who ask for it. */
export type Job<Work> = {
  key: string;
  work: Work;
  /** Whose commit its files are read from. */
  opener: string;
  /** Preview → the newest generation of it that waits. */
  subscribers: Map<string, number>;
  /** Who waits right here, and not as a preview. */
  waiters: ((failure: Failure | null) => void)[];
  cancel: AbortController;
};

export type Jobs<Work> = AsyncDisposable & {
  /** How a job ended that this subscriber waited for, said once; null when there is nothing to say. */
  takeEnd(key: string, subscriber: Subscriber): { failure: Failure | null } | null;
  /** Waits for the job of that key, made where there is none; answers whether the subscriber did not wait before. */
  join(key: string, subscriber: Subscriber, make: () => Work): boolean;
  /** Waits for the end of the job of that key, made where there is none; answers why it failed, null also when it was cancelled. */
  wait(key: string, make: () => Work): Promise<Failure | null>;
  /** Gives up a preview's requests below `generation` (all without it); a job that nobody waits for is cancelled. */
  release(preview: string, generation?: number): void;
  /** How many jobs stand before this one; 0 while it runs, null when nobody asked for it. */
  place(key: string): number | null;
  counts(): { running: number; waiting: number };
  /** Waiting and running; a cancelled one until it has ended. */
  all(): Job<Work>[];
};

export type JobOptions<Work> = {
  /** One word for the log. */
  kind: string;
  /** What the log says of one. */
  describe(work: Work): Record<string, unknown>;
  /** Throws when it fails; what it throws once it is cancelled is nobody's. */
  run(job: Job<Work>): Promise<void>;
  parallel: number;
  /** A job that this preview waited for has ended. */
  onEnd(previewKey: string): void;
  clock: Clock;
  log: Logger;
};

/** Runs one job a key, at most `parallel` at a time, first come first served. */
export function createJobs<Work>(options: JobOptions<Work>): Jobs<Work> {
  const { kind, clock, log } = options;
  const jobs = new Map<string, Job<Work>>();
  const queue: Job<Work>[] = [];
  const running = new Map<Job<Work>, Promise<void>>();
  /** How jobs ended that their subscribers have not been told of: key and preview → generation and failure. */
  const untold = new Map<string, { preview: string; generation: number; failure: Failure | null }>();

  return {
    takeEnd(key, { preview, generation }) {
      const name = `${key} ${preview}`;
      const ended = untold.get(name);
      untold.delete(name);
      return ended?.generation === generation ? ended : null;
    },
    join(key, { preview, generation }, make) {
      const { subscribers } = jobs.get(key) ?? enqueue(key, preview, make());
      const isNew = subscribers.get(preview) !== generation;
      subscribers.set(preview, generation);
      return isNew;
    },
    wait: (key, make) =>
      new Promise((resolve) => void (jobs.get(key) ?? enqueue(key, "", make())).waiters.push(resolve)),
    release(preview, generation = Number.POSITIVE_INFINITY) {
      for (const [name, each] of untold)
        if (each.preview === preview && each.generation < generation) untold.delete(name);
      for (const job of jobs.values()) {
        if ((job.subscribers.get(preview) ?? generation) < generation) job.subscribers.delete(preview);
        if (job.subscribers.size === 0 && job.waiters.length === 0) cancel(job);
      }
    },
    place(key) {
      const job = jobs.get(key);
      return job === undefined ? null : queue.indexOf(job) + 1;
    },
    counts: () => ({ running: running.size, waiting: queue.length }),
    all: () => [...new Set([...jobs.values(), ...running.keys()])],
    async [Symbol.asyncDispose]() {
      for (const job of jobs.values()) cancel(job);
      await Promise.all(running.values());
    },
  };

  function enqueue(key: string, opener: string, work: Work): Job<Work> {
    const job: Job<Work> = { key, work, opener, subscribers: new Map(), waiters: [], cancel: new AbortController() };
    jobs.set(key, job);
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

  async function perform(job: Job<Work>): Promise<void> {
    const startedAt = clock.now();
    const error = await options.run(job).then(
      () => null,
      (thrown: unknown) => ({ thrown }),
    );
    const told = { ...options.describe(job.work), durationMs: clock.now() - startedAt };
    if (job.cancel.signal.aborted) return log.debug(told, `${kind} cancelled`);
    jobs.delete(job.key);
    const failure = error && describeFailure(error.thrown);
    for (const tell of job.waiters) tell(failure);
    log.info({ ...told, ...(failure && { code: failure.code, what: failure.what }) }, `${kind} ended`);
    for (const [preview, generation] of job.subscribers) {
      // That one commit cannot be read says nothing of the others', who ask again.
      if (!(error?.thrown instanceof SourceError) || preview === job.opener)
        untold.set(`${job.key} ${preview}`, { preview, generation, failure });
      options.onEnd(preview);
    }
  }

  function cancel(job: Job<Work>): void {
    jobs.delete(job.key);
    if (queue.includes(job)) queue.splice(queue.indexOf(job), 1);
    job.subscribers.clear();
    job.cancel.abort();
    for (const tell of job.waiters) tell(null);
  }
}
