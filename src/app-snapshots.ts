import type Docker from "dockerode";
import type { ApiWorld } from "./api/world.ts";
import type { ServerConfig } from "./config/server.ts";
import { InputError } from "./domain/errors.ts";
import { labels } from "./domain/labels.ts";
import { branchParts } from "./domain/naming.ts";
import { describeParts } from "./domain/seed.ts";
import { type DataUse, snapshotId, type SnapshotRow, type SnapshotView } from "./domain/snapshot.ts";
import { ownedBy } from "./engine/ownership.ts";
import type { VolumeUsage } from "./engine/volume-usage.ts";
import type { Store } from "./store/store.ts";

type Options = {
  config: Pick<ServerConfig, "data">;
  store: Pick<Store, "snapshots" | "wishes">;
  docker: Docker;
  server: string;
  usage: VolumeUsage;
};

/** Fits what is known of snapshots, in the store and on the engine, to what the API shows. */
export function createSnapshotDesk(options: Options): ApiWorld["snapshots"] {
  const { store } = options;
  const list = async (): Promise<SnapshotView[]> => {
    const found = await look(options);
    return store.snapshots.all().map((row) => viewOf(row, found, options));
  };
  return {
    list,
    async show(id) {
      return named(await list(), id);
    },
    async use() {
      const found = await look(options);
      return useOf(await list(), found, options.config.data.budgetBytes);
    },
  };
}

/** By id, by key or by the beginning of either; of several with one key the newest. Throws InputError `not-found`. */
export function named(views: readonly SnapshotView[], id: string): SnapshotView {
  const isIt = (view: SnapshotView) => view.volume === id || view.id.startsWith(id) || view.key.startsWith(id);
  const matches = id.length < 4 ? [] : views.filter(isIt);
  const exact = matches.filter((view) => view.id === id || view.newest);
  const [only, another] = exact.length > 0 ? exact : matches;
  if (only !== undefined && (another === undefined || only.id === id)) return only;
  const what = another === undefined ? `there is no snapshot "${id}"` : `several snapshots begin with "${id}"`;
  throw new InputError("not-found", what, { hint: "`mayfly snapshot ls` shows the snapshots there are." });
}

/** Which volumes branch from which snapshot, and what all volumes take. */
type Found = { bytes: ReadonlyMap<string, number>; branches: { volume: string; snapshot: string; preview: string }[] };

async function look({ docker, server, usage }: Options): Promise<Found> {
  const [{ Volumes: volumes }, bytes] = await Promise.all([docker.listVolumes({ filters: ownedBy(server) }), usage()]);
  const branches = volumes.flatMap(({ Name: volume, Labels }) => {
    const { [labels.snapshot]: snapshot, [labels.preview]: preview = "" } = Labels ?? {};
    return snapshot === undefined ? [] : [{ volume, snapshot, preview }];
  });
  return { bytes, branches };
}

function viewOf(row: SnapshotRow, { bytes, branches }: Found, { store }: Options): SnapshotView {
  const { volume, key, origin, builtAt, tookMs, usedAt, replacedAt, failure } = row;
  const { wish, repository, trust, cause, commit } = origin;
  const readers = branches.filter(({ snapshot }) => snapshot === volume);
  return {
    id: snapshotId(volume),
    kind: "snapshot",
    volume,
    key,
    repository,
    trust,
    service: wish.service.name,
    sources: [],
    parts: describeParts(wish.seed),
    cause,
    commit,
    builtAt,
    tookMs,
    usedAt,
    newest: replacedAt === null,
    inUse: readers.length > 0,
    bytes: bytes.get(volume) ?? null,
    branches: readers
      .map((each) => ({
        preview: store.wishes.get(each.preview)?.slug ?? each.preview,
        bytes: bytes.get(branchParts(each.volume).upper) ?? null,
      }))
      .toSorted((a, b) => (a.preview < b.preview ? -1 : 1)),
    failure,
  };
}

function useOf(views: readonly SnapshotView[], { bytes, branches }: Found, budget: number | null): DataUse {
  const sum = (kind: SnapshotView["kind"]) =>
    views.reduce((total, view) => total + (view.kind === kind ? (view.bytes ?? 0) : 0), 0);
  const written = branches.map(({ volume }) => bytes.get(branchParts(volume).upper) ?? 0);
  return {
    snapshots: sum("snapshot"),
    editions: sum("edition"),
    branches: written.reduce((total, each) => total + each, 0),
    budget,
  };
}
