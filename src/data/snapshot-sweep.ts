import { labels } from "../domain/labels.ts";
import type { Snapshot, Trust } from "../domain/stack.ts";
import { allow, parseTime } from "../engine/docker.ts";
import { ownedBy } from "../engine/ownership.ts";
import type { DataHost } from "./data-host.ts";

/** Which snapshots are whole: the engine cannot tell a half-built one. */
export type SnapshotRows = {
  /** The snapshot of a key, used just now. */
  use(key: string): Snapshot | null;
  /** From here on it is one. */
  publish(
    snapshot: Snapshot,
    about: { repositoryId: number; trust: Trust; service: string; files: readonly string[] },
  ): void;
  forget(volume: string): void;
  /** Most recently used first. */
  all(): { volume: string; usedAt: number }[];
};

/** A snapshot that no preview branched from for this long is built again when it is asked for again. */
const unusedMs = 7 * 86_400_000;
/** So many are kept although no preview uses them; the least recently used go first. */
const spareCount = 20;
/** A snapshot that was used more recently than this may be about to be branched from. */
const youngMs = 600_000;
/** A trial takes a second or two. */
const trialMs = 60_000;

type Found = { name: string; kind: "container" | "volume"; labels: Record<string, string>; createdAt: number };

/**
 * Removes what interrupted builds and trials left, and snapshots beyond what is worth keeping; one that a data branch
 * reads is never touched. `isBuilding` says which volumes are being filled right now. Throws EngineError.
 */
export async function sweepSnapshots(
  host: DataHost & { rows: SnapshotRows },
  isBuilding: (volume: string) => boolean,
): Promise<void> {
  const { docker, rows, clock, log } = host;
  const found = await listCaches(host);
  const branched = await branchedSnapshots(host);
  const published = rows.all();
  const now = clock.now();
  const spare = published.filter(({ volume, usedAt }) => !branched.has(volume) && now - usedAt > youngMs);
  const outlived = new Set(
    spare.filter(({ usedAt }, index) => index >= spareCount || now - usedAt > unusedMs).map(({ volume }) => volume),
  );
  const isLeft = ({ name, labels: told, createdAt }: Found): boolean => {
    // A trial of this host's ways, perhaps another process's.
    if (told[labels.dataKey] === undefined) return now - createdAt > trialMs;
    const volume = name.replace(/\.builder$/, "");
    if (isBuilding(volume) || branched.has(volume)) return false;
    return outlived.has(volume) || !rows.all().some((row) => row.volume === volume) || name !== volume;
  };
  const left = found.filter(isLeft);
  for (const { name, kind } of left) {
    log.info({ [kind]: name }, outlived.has(name) ? "snapshot removed, unused" : "leftover of a snapshot removed");
    if (kind === "container") {
      await allow(docker.getContainer(name).remove({ force: true, v: true }), 404, 409);
      continue;
    }
    rows.forget(name);
    // In use after all: the next round tries again.
    await allow(docker.getVolume(name).remove(), 404, 409);
  }
}

/** Snapshots, and what was made to build or try them: ours, and no preview's. Containers first. */
async function listCaches({ docker, server }: DataHost): Promise<Found[]> {
  const filters = ownedBy(server);
  const [containers, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listVolumes({ filters }),
  ]);
  const found: Found[] = [
    ...containers.map((each) => ({
      name: (each.Names[0] ?? each.Id).replace(/^\//, ""),
      kind: "container" as const,
      labels: each.Labels,
      createdAt: each.Created * 1000,
    })),
    ...volumes.map((each) => ({
      name: each.Name,
      kind: "volume" as const,
      labels: each.Labels ?? {},
      createdAt: parseTime((each as { CreatedAt?: string }).CreatedAt) ?? 0,
    })),
  ];
  return found.filter(
    (each) =>
      each.labels[labels.preview] === undefined && ["snapshot", "helper"].includes(each.labels[labels.kind] ?? ""),
  );
}

async function branchedSnapshots({ docker, server }: DataHost): Promise<Set<string>> {
  const { Volumes: volumes } = await docker.listVolumes({ filters: ownedBy(server) });
  return new Set(volumes.flatMap((each) => each.Labels?.[labels.snapshot] ?? []));
}
