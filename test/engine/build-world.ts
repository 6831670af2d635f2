import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { BuildSpec } from "../../src/domain/stack.ts";
import {
  type BuildOptions,
  type BuildOutcome,
  type BuildRequest,
  createBuildJobs,
} from "../../src/engine/build-jobs.ts";
import type { BuildFiles } from "../../src/engine/build-context.ts";
import { createBuildMemory } from "../../src/engine/build-memory.ts";
import { eventually } from "../support/eventually.ts";
import { clock, createWorld, log } from "./world.ts";

/** A server of its own that builds, with a folder for each build's files; disposing proves that nothing is left. */
export async function createBuildWorld({
  memoryBytes,
  ...options
}: Partial<BuildOptions> & { memoryBytes?: number } = {}) {
  const world = await createWorld();
  const folder = mkdtempSync(join(tmpdir(), "mayfly-build-"));
  const ended: string[] = [];
  const jobs = createBuildJobs({
    docker: world.docker,
    server: world.server,
    parallel: 2,
    disk: undefined,
    timeoutMs: 60_000,
    forkEgress: "none",
    ...(memoryBytes !== undefined && {
      memory: createBuildMemory({ memoryBytes, server: world.server, isLocal: true, timeoutMs: 60_000, clock, log }),
    }),
    clock,
    log,
    logFolder: join(folder, "logs"),
    onEnd: (preview) => ended.push(preview),
    ...options,
  });

  /** Writes a commit's files; the commit is this text's own, so that no cache of another run is met. */
  const commit = (files: Record<string, string>): BuildRequest => {
    const root = mkdtempSync(join(folder, "commit-"));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const opened: BuildFiles = {
      root,
      readText: (path) =>
        statSync(join(root, path), { throwIfNoEntry: false })?.isFile() ? readFileSync(join(root, path), "utf8") : null,
      async [Symbol.asyncDispose]() {},
    };
    return { repository: "acme/shop", repositoryId: 7, trust: "team", open: async () => opened };
  };

  const built = {
    ...world,
    folder,
    jobs,
    ended,
    commit,
    spec: (more: Partial<BuildSpec> = {}): BuildSpec => ({
      name: "web",
      context: ".",
      dockerfile: "Dockerfile",
      inline: null,
      target: null,
      args: {},
      secrets: [],
      tag: `mayfly.local/7/team:${randomBytes(8).toString("hex")}`,
      ...more,
    }),
    /** Asks until the build ended, as the loop does: the failure, or null when the image is there. */
    async finish(build: BuildSpec, request: BuildRequest, subscriber = { preview: "7-42", generation: 1 }) {
      const first = jobs.request(build, subscriber, request);
      if (first.state !== "building") return first;
      // Its own end: others may be built beside it.
      await eventually(() => jobs.place(build.tag) === null, { timeoutMs: 90_000 });
      const image = await world.docker
        .getImage(build.tag)
        .inspect()
        .catch(() => null);
      return image === null ? jobs.request(build, subscriber, request) : ({ state: "built" } as BuildOutcome);
    },
    remove: (build: BuildSpec) => world.docker.getImage(build.tag).remove({ force: true }),
    async [Symbol.asyncDispose]() {
      await jobs[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
      await world[Symbol.asyncDispose]();
    },
  };
  return built;
}

/** A line that no other run has had: what follows it is not taken from the cache. */
export const fresh = () => `ENV RUN_OF=${randomBytes(8).toString("hex")}`;
