import { statfs } from "node:fs/promises";
import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";

export type Disk = {
  /** Throws EngineError `disk-full` when there is too little room to begin `what`: "an image is built". */
  require(what: string): Promise<void>;
  /** The same while it goes on, with less to spare; null when there is room, or when that cannot be seen from here. */
  shortage(what: string): Promise<EngineError | null>;
};

const gibibyte = 1024 ** 3;
/** Nothing that writes much is begun with less. */
const leastToBeginBytes = 2 * gibibyte;
/** What is under way ends below this: databases that find no room at all lose more than a build. */
const leastToGoOnBytes = gibibyte;

/** Room where the engine keeps images, containers and data. `freeBytes` answers null for a folder that is not on this machine. */
export function createDisk(docker: Pick<Docker, "info">, freeBytes = measure): Disk {
  const shortOf = async (least: number, what: string): Promise<EngineError | null> => {
    const folder = ((await docker.info()) as { DockerRootDir?: string }).DockerRootDir ?? "";
    const free = await freeBytes(folder);
    if (free === null || free >= least) return null;
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

async function measure(folder: string): Promise<number | null> {
  // An engine on another machine, or Mayfly in a container without the folder: nothing is known then.
  const stats = await statfs(folder).catch(() => null);
  return stats && stats.bavail * stats.bsize;
}

function gibibytes(bytes: number): string {
  return (bytes / gibibyte).toFixed(1);
}
