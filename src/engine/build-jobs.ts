import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import type { Logger } from "pino";
import { EngineError, type Failure } from "../domain/errors.ts";
import { imageLabels } from "../domain/labels.ts";
import type { Trust } from "../domain/stack.ts";
import type { BuildSpec } from "../domain/stack.ts";
import { type Clock, formatSpan } from "../domain/time.ts";
import { type BuildFiles, packContext } from "./build-context.ts";
import { limitBuild } from "./build-limits.ts";
import { explainBuildFailure } from "./build-failure.ts";
import { type BuildLog, createBuildLog } from "./build-log.ts";
import type { BuildMemory } from "./build-memory.ts";
import { runBuild } from "./build-run.ts";
import type { BuildGifts } from "./build-session.ts";
import type { Disk } from "./disk.ts";
import { allow } from "./docker.ts";
import { createJobs, type Job, type Jobs, type Subscriber } from "./jobs.ts";

export type BuildOutcome = { state: "built" } | { state: "building" } | { state: "failed"; failure: Failure };

/** Whose build it is, and how its files are had when it starts. */
export type BuildRequest = {
  repository: string;
  repositoryId: number;
  trust: Trust;
  open(signal: AbortSignal): Promise<BuildFiles>;
};

export type BuildJobs = AsyncDisposable &
  Pick<Jobs<never>, "release" | "place" | "counts"> & {
    /**
     * Asks for an image that is not on the engine. A failure is told once to each subscriber and then forgotten, so that
     * asking again builds again. When a job ends, `onEnd` is called for its subscribers' previews.
     */
    request(build: BuildSpec, subscriber: Subscriber, request: BuildRequest): BuildOutcome;
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
  /** What each build may use; without it, what the machine has. */
  memory?: BuildMemory;
  /** What a fork's steps reach. */
  forkEgress: "internet" | "none";
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

type Build = {
  build: BuildSpec;
  request: BuildRequest;
  file: string;
  /** While it is being built. */
  output: BuildLog | null;
};

/** Builds images one job a tag, at most `parallel` at a time, first come first served. */
export function createBuildJobs(options: BuildOptions): BuildJobs {
  const { logFolder } = options;
  const jobs = createJobs<Build>({
    ...options,
    kind: "build",
    describe: ({ build }) => ({ build: build.name, tag: build.tag }),
    run: (job) => buildWithin(options, job),
  });
  return {
    ...jobs,
    request(build, subscriber, request) {
      const failure = jobs.takeEnd(build.tag, subscriber)?.failure;
      if (failure) return { state: "failed", failure };
      const file = join(logFolder, subscriber.preview, logName(build.tag));
      jobs.join(build.tag, subscriber, () => ({ build, request, file, output: null }));
      return { state: "building" };
    },
    tail(preview, count) {
      const waited = jobs.all().filter(({ subscribers }) => subscribers.has(preview));
      return waited.flatMap(({ work }) => work.output?.lines() ?? []).slice(-count);
    },
    buildLog: (tag) => readLog(logFolder, tag),
    forget: (preview) => rm(join(logFolder, preview), { recursive: true, force: true }),
  };
}

/** One build from its files to its image, or to the end of its time. */
async function buildWithin(options: BuildOptions, { work, subscribers, cancel }: Job<Build>): Promise<void> {
  const { docker } = options;
  const { build, request } = work;
  // It may have come since it was asked for: another job's end and this request can cross.
  if (await allow(docker.getImage(build.tag).inspect(), 404)) return;
  using limits = limitBuild({ ...options, what: "an image was being built" });
  const signal = AbortSignal.any([cancel.signal, limits.signal]);
  const told = () => {
    for (const preview of subscribers.keys()) options.onOutput?.(preview);
  };
  const mask = (line: string) => options.mask?.(line, request) ?? line;
  using output = createBuildLog(work.file, told, mask);
  work.output = output;
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
    const isOffline = request.trust === "fork" && options.forkEgress === "none";
    await using group = (await options.memory?.open(`${cacheNamespace} ${build.name}`)) ?? null;
    try {
      await runBuild(docker, { build, context, labels, cacheNamespace, gifts, group, isOffline }, output, signal);
    } catch (error) {
      throw await explainBuildFailure(error, { build, output, group, isOffline });
    }
    if (group && output.ran() && (await group.wasPassedOver()))
      options.log.warn(
        { build: build.name },
        "the engine did not limit a build's memory: its control groups are others than ours",
      );
  } catch (error) {
    if (cancel.signal.aborted || !limits.signal.aborted) throw error;
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
