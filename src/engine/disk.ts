import { statfs } from "node:fs/promises";
import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";

export type Disk = {
  /** Throws EngineError `disk-full` when there is too little room to begin `what`: "an image is built". */
  require(what: string): Promise<void>;
  /** The same while it goes on, with less to spare; null when there is room, or when that cannot be seen from here. */
  shortage(what: string): Promise<EngineError | null>;
};

/** How large the engine's disk is, and how much of it is free for others than root. */
export type DiskSpace = { totalBytes: number; freeBytes: number };

const gibibyte = 1024 ** 3;
/** Nothing that writes much is begun with less. */
const leastToBeginBytes = 2 * gibibyte;
/** What is under way ends below this: databases that find no room at all lose more than a build. */
const leastToGoOnBytes = gibibyte;

/**
 * Room where the engine keeps images, containers and data. `freeBytes` answers null where that cannot be seen, and
 * `onUnknown` is told so, once: all goes on then.
 */
export function createDisk(
  docker: Pick<Docker, "info">,
  { isLocal = true, freeBytes = measureFree, onUnknown = () => undefined }: DiskOptions = {},
): Disk {
  let isTold = false;
  const shortOf = async (least: number, what: string): Promise<EngineError | null> => {
    const folder = ((await docker.info()) as { DockerRootDir?: string }).DockerRootDir ?? "";
    const free = isLocal ? await freeBytes(folder) : null;
    if (free === null) {
      if (!isTold) onUnknown(folder);
      isTold = true;
      return null;
    }
    if (free >= least) return null;
    const message = `only ${gibibytes(free)} GiB are free in ${folder}; below ${gibibytes(least)} GiB nothing goes on: ${what}`;
    return new EngineError("disk-full", message);
  };
  return {
    async require(what) {
      const short = await shortOf(leastToBeginBytes, what);
      if (short) throw short;
    },
    shortage: (what) => shortOf(leastToGoOnBytes, what),
  };
}

export type DiskOptions = {
  /** Whether the engine runs on this machine. */
  isLocal?: boolean;
  freeBytes?: typeof measureFree;
  onUnknown?(folder: string): void;
};

/** The disk on which the engine keeps its files; null where it cannot be seen from here. Throws EngineError. */
export async function measureDisk(docker: Pick<Docker, "info">, isLocal: boolean): Promise<DiskSpace | null> {
  return isLocal ? measure(((await docker.info()) as { DockerRootDir?: string }).DockerRootDir ?? "") : null;
}

async function measureFree(folder: string): Promise<number | null> {
  return (await measure(folder))?.freeBytes ?? null;
}

async function measure(folder: string): Promise<DiskSpace | null> {
  // Unknown is an answer: whoever asks tells the operator that the room cannot be seen.
  const stats = await statfs((await enginesDisk(folder)) ?? "").catch(() => null);
  return stats && { totalBytes: stats.blocks * stats.bsize, freeBytes: stats.bavail * stats.bsize };
}

/**
 * A path on the disk where the engine keeps `folder`; null where none can be seen, as with an engine on another
 * machine. In a container it is the container's own root: its files lie where the engine keeps all.
 */
export async function enginesDisk(folder: string): Promise<string | null> {
  // A sign that is not to be seen is none.
  for (const [sign, path] of [
    [folder, folder],
    ["/.dockerenv", "/"],
  ] as const)
    if (sign !== "" && (await statfs(sign).catch(() => null))) return path;
  return null;
}

function gibibytes(bytes: number): string {
  return (bytes / gibibyte).toFixed(1);
}
