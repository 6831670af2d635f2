import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import type { Logger } from "pino";
import { describeFailure, EngineError, type Failure } from "../domain/errors.ts";
import { imageLabels } from "../domain/labels.ts";
import type { Trust } from "../domain/stack.ts";
import type { BuildSpec } from "../domain/stack.ts";
import { type Clock, formatSpan } from "../domain/time.ts";
import { type BuildFiles, packContext } from "./build-context.ts";
import { limitBuild } from "./build-limits.ts";
import { type BuildLog, createBuildLog } from "./build-log.ts";
import { runBuild } from "./build-run.ts";
import type { BuildGifts } from "./build-session.ts";
import type { Disk } from "./disk.ts";
import { allow } from "./docker.ts";

export type BuildOutcome = { state: "built" } | { state: "building" } | { state: "failed"; failure: Failure };

export type Subscriber = { preview: string; generation: number };

/** Whose build it is, and how its files are had when it starts. */
export type BuildRequest = {
  repository: string;
  repositoryId: number;
  trust: Trust;
  open(signal: AbortSignal): Promise<BuildFiles>;
};

export type BuildJobs = AsyncDisposable & {
  /**
   * Asks for an image that is not on the engine. A failure is told once to each subscriber and then forgotten, so that
   * asking again builds again. When a job ends, `onEnd` is called for its subscribers' previews.
   */
  request(build: BuildSpec, subscriber: Subscriber, request: BuildRequest): BuildOutcome;
  /** Gives up a preview's requests below `generation` (all without it); a job that nobody waits for is cancelled. */
  release(preview: string, generation?: number): void;
  /** How many builds stand before this one; 0 when it is being built, null when nobody asked for it. */
  place(tag: string): number | null;
  /** How many builds there are now. */
  counts(): { running: number; waiting: number };
  /** The last lines of what is being built for a preview. */
  tail(preview: string, count: number): string[];
  /** The log of a build by its image's tag: under way, or as its newest run left it; null when there is none. */
  buildLog(tag: string): Promise<string[] | null>;
  /** Deletes the logs kept for a preview that is gone. */
  forget(preview: string): Promise<void>;
};

export type BuildOptions = {
  docker: Docker;
  server: string;
  parallel: number;
  timeoutMs: number;
  clock: Clock;
  log: Logger;
  /** Room on the disk; without it none is looked for. */
  disk: Disk | undefined;
  /** Logs are kept in `<logFolder>/<preview>/<hash of the tag>.log`. */
  logFolder: string;
  onEnd(previewKey: string): void;
  /** The secrets and accounts that a build may ask for: none for a fork's. Throws InputError. */
  gifts?(build: BuildSpec, request: BuildRequest): Promise<BuildGifts>;
  /** Hides the values of a repository's secrets in what its builds say, before it is written. */
  mask?(line: string, repository: Pick<BuildRequest, "repositoryId">): string;
  /** A build that this preview waits for has said something. */
  onOutput?(previewKey: string): void;
};

type Job = {
  build: BuildSpec;
  request: BuildRequest;
  /** Preview → the newest generation of it that waits. */
  subscribers: Map<string, number>;
  cancel: AbortController;
  file: string;
  /** While it is being built. */
  output: BuildLog | null;
};

/** Builds images one job a tag, at most `parallel` at a time, first come first served. */
export function createBuildJobs(options: BuildOptions): BuildJobs {
  const jobs = new Map<string, Job>();
  const queue: Job[] = [];
  const running = new Set<Promise<void>>();
  /** Failures not told yet: tag and preview → generation and what happened. */
  const untold = new Map<string, { preview: string; generation: number; failure: Failure }>();

  return {
    request(build, subscriber, request) {
      const told = takeFailure(build.tag, subscriber);
      if (told) return { state: "failed", failure: told };
      const job = jobs.get(build.tag) ?? enqueue(build, subscriber, request);
      job.subscribers.set(subscriber.preview, subscriber.generation);
      return { state: "building" };
    },
    release(preview, generation = Number.POSITIVE_INFINITY) {
      for (const [key, each] of untold)
        if (each.preview === preview && each.generation < generation) untold.delete(key);
      for (const job of jobs.values()) {
        if ((job.subscribers.get(preview) ?? generation) < generation) job.subscribers.delete(preview);
        if (job.subscribers.size === 0) cancel(job);
      }
    },
    place(tag) {
      const job = jobs.get(tag);
      return job === undefined ? null : queue.indexOf(job) + 1;
    },
    counts: () => ({ running: running.size, waiting: queue.length }),
    tail(preview, count) {
      const waited = [...jobs.values()].filter((job) => job.subscribers.has(preview));
      return waited.flatMap((job) => job.output?.lines() ?? []).slice(-count);
    },
    buildLog: (tag) => readLog(options.logFolder, tag),
    forget: (preview) => rm(join(options.logFolder, preview), { recursive: true, force: true }),
    async [Symbol.asyncDispose]() {
      for (const job of jobs.values()) cancel(job);
      await Promise.all(running);
    },
  };

  function enqueue(build: BuildSpec, subscriber: Subscriber, request: BuildRequest): Job {
    const file = join(options.logFolder, subscriber.preview, logName(build.tag));
    const job: Job = { build, request, subscribers: new Map(), cancel: new AbortController(), file, output: null };
    jobs.set(build.tag, job);
    queue.push(job);
    startNext();
    return job;
  }

  function startNext(): void {
    while (running.size < options.parallel) {
      const job = queue.shift();
      if (job === undefined) return;
      const run = perform(job).finally(() => {
        running.delete(run);
        startNext();
      });
      running.add(run);
    }
  }

  async function perform(job: Job): Promise<void> {
    const { build } = job;
    const startedAt = options.clock.now();
    const fields = { build: build.name, tag: build.tag };
    let failure: Failure | null = null;
    try {
      await buildWithin(options, job);
    } catch (error) {
      if (!job.cancel.signal.aborted) failure = describeFailure(error);
      else options.log.debug(fields, "build cancelled");
    }
    if (job.cancel.signal.aborted) return;
    jobs.delete(build.tag);
    const durationMs = options.clock.now() - startedAt;
    options.log.info(
      { ...fields, durationMs, ...(failure && { code: failure.code, what: failure.what }) },
      "build ended",
    );
    for (const [preview, generation] of job.subscribers) {
      if (failure) untold.set(`${build.tag} ${preview}`, { preview, generation, failure });
      options.onEnd(preview);
    }
  }

  function cancel(job: Job): void {
    jobs.delete(job.build.tag);
    if (queue.includes(job)) queue.splice(queue.indexOf(job), 1);
    job.cancel.abort();
  }

  function takeFailure(tag: string, subscriber: Subscriber): Failure | null {
    const key = `${tag} ${subscriber.preview}`;
    const failed = untold.get(key);
    untold.delete(key);
    return failed?.generation === subscriber.generation ? failed.failure : null;
  }
}

/** One build from its files to its image, or to the end of its time. */
async function buildWithin(options: BuildOptions, job: Job): Promise<void> {
  const { docker } = options;
  const { build, request } = job;
  // It may have come since it was asked for: another job's end and this request can cross.
  if (await allow(docker.getImage(build.tag).inspect(), 404)) return;
  using limits = limitBuild(options);
  const signal = AbortSignal.any([job.cancel.signal, limits.signal]);
  const told = () => {
    for (const preview of job.subscribers.keys()) options.onOutput?.(preview);
  };
  const mask = (line: string) => options.mask?.(line, request) ?? line;
  using output = createBuildLog(job.file, told, mask);
  job.output = output;
  try {
    await using files = await request.open(signal);
    const context = await packContext(files, build);
    const labels = imageLabels({
      server: options.server,
      repository: String(request.repositoryId),
      trust: request.trust,
    });
    const cacheNamespace = `${request.repositoryId}-${request.trust}`;
    const gifts = (await options.gifts?.(build, request)) ?? { secrets: new Map(), registries: {}, anew: false };
    await runBuild(docker, { build, context, labels, cacheNamespace, gifts }, output, signal);
  } catch (error) {
    if (job.cancel.signal.aborted || !limits.signal.aborted) throw error;
    const { reason } = limits.signal;
    throw reason instanceof EngineError ? reason : tookTooLong(build, output, options.timeoutMs);
  }
}

function tookTooLong(build: BuildSpec, output: BuildLog, timeoutMs: number): EngineError {
  const at = output.running();
  const message = `${build.name} was still being built after ${formatSpan(timeoutMs)}${at ? `, at step ${at}` : ""}`;
  return new EngineError("build-timeout", message, { service: build.name, logTail: output.lines().slice(-20) });
}

async function readLog(folder: string, tag: string): Promise<string[] | null> {
  const previews = (await unlessMissing(readdir(folder))) ?? [];
  for (const preview of previews) {
    const text = await unlessMissing(readFile(join(folder, preview, logName(tag)), "utf8"));
    if (text !== null) return text.split("\n").slice(0, -1);
  }
  return null;
}

/** Null for what is not there (no build has written it, or its preview is gone); any other error is one. */
async function unlessMissing<T>(reading: Promise<T>): Promise<T | null> {
  return reading.catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}

function logName(tag: string): string {
  return `${tag.slice(tag.lastIndexOf(":") + 1).replaceAll(/[^\w-]/g, "_")}.log`;
}
