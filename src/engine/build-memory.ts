import { createHash, randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import type { Logger } from "pino";
import type { Clock } from "../domain/time.ts";
import {
  type CgroupTree,
  findCgroups,
  groupsBefore,
  makeGroup,
  memoryOf,
  prepareCgroups,
  removeGroup,
} from "./cgroup-tree.ts";

/** A control group for the steps of one build, which share its memory. Removed when disposed. */
export type BuildGroup = AsyncDisposable & {
  /** For BuildKit. */
  path: string;
  memoryBytes: number;
  /** Whether a step was killed for want of memory; `isKilled` says that one ended as the killed do. */
  ranOut(isKilled: boolean): Promise<boolean>;
  /** What ran did so outside of it, as on an engine with groups of its own. */
  wasPassedOver(): Promise<boolean>;
};

export type BuildMemory = {
  memoryBytes: number;
  /**
   * A new group, or null where none can be made, which is told once. The same build gets the same one again, unless it
   * is in use: BuildKit counts a group's path among what a step is known by in its cache.
   */
  open(build: string): Promise<BuildGroup | null>;
};

/** More builds of the same at once than any server runs. */
const mostAtOnce = 1000;

/** Threads count. `make -j` on a large machine has some hundreds. */
const mostProcesses = 8192;

/**
 * Limits what a build's steps may use together (docs/decisions/0027): BuildKit is told to put them into a group that we
 * made. `isLocal` says that the engine runs on this machine.
 */
export function createBuildMemory(options: {
  memoryBytes: number;
  server: string;
  isLocal: boolean;
  timeoutMs: number;
  clock: Clock;
  log: Logger;
}): BuildMemory {
  const { memoryBytes, server, clock, log } = options;
  let isTold = false;
  const tell = (reason: unknown): null => {
    if (!isTold)
      log.warn({ err: reason, memoryBytes }, "builds take all the memory that there is: mayfly doctor says what to do");
    isTold = true;
    return null;
  };
  return {
    memoryBytes,
    async open(build) {
      const tree = options.isLocal ? await findCgroups() : null;
      if (tree === null) return tell("no control groups of the engine's machine are to be seen");
      try {
        await sweep(tree);
        await prepareIfRoot(tree);
        return groupOf(
          tree,
          await makeFree(tree, `${server}-${createHash("sha256").update(build).digest("hex").slice(0, 16)}`),
        );
      } catch (error) {
        return tell(error);
      }
    },
  };

  /** Builds of the same at once have groups of their own. */
  async function makeFree(tree: CgroupTree, name: string, number = 1): Promise<string> {
    const numbered = `${name}-${number}`;
    try {
      await makeGroup(tree, numbered, { memoryBytes, processes: mostProcesses });
      return numbered;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || number === mostAtOnce) throw error;
      return makeFree(tree, name, number + 1);
    }
  }

  /** Those that a process of ours left when it was killed; no build is older than its time. */
  async function sweep(tree: CgroupTree): Promise<void> {
    const old = await groupsBefore(tree, clock.now() - options.timeoutMs - 60_000);
    for (const name of old.filter((each) => each.startsWith(`${server}-`))) await removeGroup(tree, name);
  }

  function groupOf(tree: CgroupTree, name: string): BuildGroup {
    return {
      path: `/mayfly-builds/${name}`,
      memoryBytes,
      async ranOut(isKilled) {
        const { met, killed } = await memoryOf(tree, name);
        return killed || (met && isKilled);
      },
      async wasPassedOver() {
        return (await memoryOf(tree, name)).peakBytes === 0;
      },
      async [Symbol.asyncDispose]() {
        // What was killed is gone within moments.
        for (let tries = 0; tries < 40; tries++) {
          if (await removeGroup(tree, name)) return;
          await clock.sleep(50);
        }
        log.warn({ group: name }, "a build's control group is still in use");
      },
    };
  }
}

/** Tries what a build needs, and leaves nothing: null when it can be limited, else why not. */
export async function memoryProblem(isLocal: boolean): Promise<string | null> {
  if (!isLocal) return "the engine is on another machine";
  const tree = await findCgroups();
  if (tree === null) return "there are no control groups for memory in /sys/fs/cgroup";
  const name = `try-${randomUUID()}`;
  try {
    await prepareIfRoot(tree);
    await makeGroup(tree, name, { memoryBytes: 2 ** 30, processes: 1 });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await removeGroup(tree, name);
  }
}

/** Prepares this machine for whoever owns the state folder, which is who the server runs as. Takes root; does nothing where there are no control groups. */
export async function prepareMemory(state: string): Promise<void> {
  // Without a state folder nobody is known to whom the groups could be given: they stay root's.
  const [tree, owner] = await Promise.all([findCgroups(), stat(state).catch(() => null)]);
  if (tree) await prepareCgroups(tree, owner);
}

async function prepareIfRoot(tree: CgroupTree): Promise<void> {
  if (process.getuid?.() === 0) await prepareCgroups(tree, null);
}
