import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);
// The client that scripts/engine.sh prefers as well.
const client = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker";
const mark = "dev.mayfly.test=scripts";

/** Runs one docker command; resolves to what it printed (both streams, trimmed), rejects when it fails. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(client, args);
  return `${stdout}${stderr}`.trim();
}

/** Creates a container that {@link removeAll} finds; nothing of it outlives the suite. */
export function createContainer(...args: string[]): Promise<string> {
  return docker("create", "--label", mark, ...args);
}

/** Runs a container to its end; resolves to what it printed. */
export function runOnce(...args: string[]): Promise<string> {
  return docker("run", "--rm", "--label", mark, ...args);
}

/** Creates a volume that {@link removeAll} finds. */
export function createVolume(): Promise<string> {
  return docker("volume", "create", "--label", mark);
}

/** Builds an image that {@link removeAll} finds; resolves to its id. */
export function buildImage(folder: string): Promise<string> {
  return docker("build", "--quiet", "--label", mark, folder);
}

/** What these suites have left on the engine: container, volume and image ids. */
export async function leftovers(): Promise<string[]> {
  const lists = await Promise.all([
    docker("ps", "--all", "--quiet", "--filter", `label=${mark}`),
    docker("volume", "ls", "--quiet", "--filter", `label=${mark}`),
    docker("image", "ls", "--quiet", "--filter", `label=${mark}`),
  ]);
  return lists.flatMap((list) => list.split("\n").filter(Boolean));
}

/** Removes everything that carries the label of these suites. */
export async function removeAll(): Promise<void> {
  for (const [list, remove] of [
    [
      ["ps", "--all"],
      ["rm", "--force", "--volumes"],
    ],
    [
      ["volume", "ls"],
      ["volume", "rm"],
    ],
    [
      ["image", "ls"],
      ["image", "rm", "--force"],
    ],
  ] as const) {
    const ids = (await docker(...list, "--quiet", "--filter", `label=${mark}`)).split("\n").filter(Boolean);
    if (ids.length > 0) await docker(...remove, ...ids);
  }
}
