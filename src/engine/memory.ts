import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { labels } from "../domain/labels.ts";
import { allow } from "./docker.ts";
import { ownedBy } from "./ownership.ts";

/** Memory of the machine that the engine runs on, in bytes. */
export type MachineMemory = { totalBytes: number; availableBytes: number };

/** So many containers are asked at once. */
const parallel = 4;

/**
 * What the kernel says is to be had without anything being taken away (`MemAvailable`, proc(5)), within the limit of the
 * control group that all of this runs in; null where the engine runs on another machine or there is no such kernel.
 */
export async function measureMemory({
  isLocal,
  root = "/",
}: {
  isLocal: boolean;
  root?: string;
}): Promise<MachineMemory | null> {
  if (!isLocal) return null;
  // Without it, it cannot be seen: whoever asks says so.
  const text = await readFile(join(root, "proc/meminfo"), "utf8").catch(() => "");
  const bytesOf = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN) * 1024;
  const machine = { totalBytes: bytesOf("MemTotal"), availableBytes: bytesOf("MemAvailable") };
  if (Number.isNaN(machine.totalBytes + machine.availableBytes)) return null;
  // In a container of the engine, the group at the root is our own and none of previews' business.
  const group = existsSync(join(root, ".dockerenv")) ? null : await measureGroup(join(root, "sys/fs/cgroup"));
  if (group === null || group.limitBytes >= machine.totalBytes) return machine;
  const availableBytes = Math.max(0, group.limitBytes - group.usedBytes);
  return { totalBytes: group.limitBytes, availableBytes: Math.min(machine.availableBytes, availableBytes) };
}

/** The limit of the group at the root, where there is one: of a machine that is itself somebody's container. */
async function measureGroup(root: string): Promise<{ limitBytes: number; usedBytes: number } | null> {
  // `max`, or a file that is not there: no limit.
  const number = async (...names: string[]) => Number(await readFile(join(root, ...names), "utf8").catch(() => "none"));
  const statOf = async (...names: string[]) => await readFile(join(root, ...names), "utf8").catch(() => "");
  const idleIn = (text: string) => Number(/^(?:total_)?inactive_file (\d+)$/m.exec(text)?.[1] ?? 0);
  for (const [folder, limit, used] of [
    ["", "memory.max", "memory.current"],
    ["memory", "memory.limit_in_bytes", "memory.usage_in_bytes"],
  ] as const) {
    const [limitBytes, heldBytes] = [await number(folder, limit), await number(folder, used)];
    if (Number.isNaN(limitBytes + heldBytes)) continue;
    return { limitBytes, usedBytes: heldBytes - idleIn(await statOf(folder, "memory.stat")) };
  }
  return null;
}

/**
 * What the processes of each preview use, by its key: of the files that they read, only what is in use, as `docker stats`
 * counts it. What is stopped is not in it. Throws EngineError.
 */
export async function memoryOfPreviews(docker: Docker, server: string): Promise<Map<string, number>> {
  const listed = await docker.listContainers({ filters: ownedBy(server) });
  const waiting = listed.filter((each) => each.Labels[labels.preview] !== undefined);
  const used = new Map<string, number>();
  const ask = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const key = next.Labels[labels.preview] ?? "";
      used.set(key, (used.get(key) ?? 0) + (await usedBy(docker, next.Id)));
    }
  };
  await Promise.all(Array.from({ length: parallel }, ask));
  return used;
}

async function usedBy(docker: Docker, id: string): Promise<number> {
  // One look: without `one-shot` the engine waits a second for a second one.
  const stats = await allow(docker.getContainer(id).stats({ stream: false, "one-shot": true }), 404);
  const { usage = 0, stats: parts } = stats?.memory_stats ?? {};
  const idle = (parts as Record<string, number> | undefined) ?? {};
  return Math.max(0, usage - (idle["inactive_file"] ?? idle["total_inactive_file"] ?? 0));
}
