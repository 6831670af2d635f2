import { labels } from "../../domain/labels.ts";
import type { SnapshotRow } from "../../domain/snapshot.ts";
import type { Snapshot } from "../../domain/stack.ts";
import { allow, parseTime } from "../../engine/docker.ts";
import { ownedBy } from "../../engine/ownership.ts";
import type { VolumeUsage } from "../../engine/volume-usage.ts";
import type { DataHost } from "../data-host.ts";

/** Which snapshots are whole: the engine cannot tell a half-built one. */
export type SnapshotRows = {
  /** The snapshot of a key, used just now. */
  use(key: string): Snapshot | null;
  /** From here on it is the one of its key. */
  publish(snapshot: Snapshot, about: Pick<SnapshotRow, "origin" | "editions" | "tookMs">): void;
  forget(volume: string): void;
  /** Most recently used first. */
  all(): Pick<SnapshotRow, "key" | "volume" | "usedAt" | "replacedAt">[];
};

/** A snapshot that no preview branched from for this long is built again when it is asked for again. */
const unusedMs = 7 * 86_400_000;
/** So many are kept although no preview uses them; the least recently used go first. */
const spareCount = 20;
/** A snapshot that was used more recently than this may be about to be branched from. */
const youngMs = 600_000;
/** A trial takes a second or two. */
const trialMs = 60_000;

type Found = {
  name: string;
  kind: "container" | "network" | "volume";
  labels: Record<string, string>;
  createdAt: number;
};

/** What is being filled or loaded right now, and what holds a source's edition, by volume. */
export type VolumesInUse = { isInUse(volume: string): boolean; isEdition(volume: string): boolean };

/** What all data may take, and what each volume takes; without a budget nobody is asked. */
export type DataBudget = { budgetBytes: number | null; usage: VolumeUsage };

/** `needed`: without those that are only kept because somebody may want them again. */
export type KeptSnapshots = "worthwhile" | "needed";

/**
 * Removes what interrupted builds and trials left, and snapshots beyond what is worth keeping, or beyond the budget;
 * one that a data branch reads is never touched. Throws EngineError.
 */
export async function sweepSnapshots(
  host: DataHost & DataBudget & { rows: SnapshotRows },
  inUse: VolumesInUse,
  kept: KeptSnapshots = "worthwhile",
): Promise<void> {
  const { rows, clock } = host;
  const found = await listCaches(host);
  const branched = await branchedSnapshots(host);
  const published = rows.all();
  const now = clock.now();
  // Whoever branched from one before may be reset, which is to take seconds.
  const wanted = new Set(
    published.flatMap(({ volume, key }) => (kept === "worthwhile" && branched.has(volume) ? key : [])),
  );
  const isWanted = ({ volume, key, replacedAt }: (typeof published)[number]) =>
    branched.has(volume) || (replacedAt === null && wanted.has(key));
  const spare = published.filter((row) => !isWanted(row) && now - row.usedAt > youngMs);
  const outlived = new Set(
    spare
      .filter(
        ({ usedAt, replacedAt }, index) =>
          kept === "needed" || replacedAt !== null || index >= spareCount || now - usedAt > unusedMs,
      )
      .map(({ volume }) => volume),
  );
  const isLeft = ({ name, labels: told, createdAt }: Found): boolean => {
    // A trial of this host's ways, perhaps another process's.
    if (told[labels.dataKey] === undefined) return now - createdAt > trialMs;
    // What is made beside a volume is named after it.
    const volume = name.replace(/\..*$/, "");
    if (inUse.isInUse(volume) || branched.has(volume)) return false;
    const isKnown = rows.all().some((row) => row.volume === volume) || inUse.isEdition(volume);
    return outlived.has(volume) || !isKnown || name !== volume;
  };
  await removeAll(host, found.filter(isLeft), outlived);
  // Last: what is asked takes its time, and may not be answered, and raw data of a killed reading is not kept for that.
  const over = new Set(
    await overBudget(
      host,
      spare.filter(({ volume }) => !outlived.has(volume)),
    ),
  );
  const isStillSpare = (name: string) => rows.all().some((row) => row.volume === name && now - row.usedAt > youngMs);
  const isOver = ({ name }: Found): boolean => over.has(name) && isStillSpare(name);
  await removeAll(host, found.filter(isOver), over);
}

async function removeAll(
  { docker, rows, log }: Pick<DataHost, "docker" | "log"> & { rows: SnapshotRows },
  left: readonly Found[],
  unused: ReadonlySet<string>,
): Promise<void> {
  for (const { name, kind } of left) {
    log.info({ [kind]: name }, unused.has(name) ? "snapshot removed, unused" : "leftover of a snapshot removed");
    // In use after all: the next round tries again.
    if (kind === "container") await allow(docker.getContainer(name).remove({ force: true, v: true }), 404, 409);
    if (kind === "network") await allow(docker.getNetwork(name).remove(), 404, 403);
    if (kind !== "volume") continue;
    rows.forget(name);
    await allow(docker.getVolume(name).remove(), 404, 409);
  }
}

/** Of those that may go, the least recently used, until what is left fits. */
async function overBudget(
  { docker, server, budgetBytes, usage }: DataHost & DataBudget,
  spare: readonly { volume: string }[],
): Promise<string[]> {
  if (budgetBytes === null) return [];
  const bytes = await usage();
  const { Volumes: volumes } = await docker.listVolumes({ filters: ownedBy(server) });
  // What a branch shows is its snapshot's; what it wrote is in a volume of its own.
  const own = volumes.filter(({ Labels }) => Labels?.[labels.snapshot] === undefined);
  let over = own.reduce((total, { Name }) => total + (bytes.get(Name) ?? 0), -budgetBytes);
  const going: string[] = [];
  for (const { volume } of spare.toReversed()) {
    if (over <= 0) break;
    going.push(volume);
    over -= bytes.get(volume) ?? 0;
  }
  return going;
}

/** Snapshots, and what was made to build or try them: ours, and no preview's. Containers first. */
async function listCaches({ docker, server }: DataHost): Promise<Found[]> {
  const filters = ownedBy(server);
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const found: Found[] = [
    ...containers.map((each) => ({
      name: (each.Names[0] ?? each.Id).replace(/^\//, ""),
      kind: "container" as const,
      labels: each.Labels,
      createdAt: each.Created * 1000,
    })),
    ...networks.map((each) => ({
      name: each.Name,
      kind: "network" as const,
      labels: each.Labels ?? {},
      createdAt: parseTime(each.Created) ?? 0,
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
