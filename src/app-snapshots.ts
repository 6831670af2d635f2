import type { ApiWorld } from "./api/world.ts";
import type { Data } from "./app-data.ts";
import { storedSources, viewOfEdition } from "./app-editions.ts";
import type { Ground } from "./app-state.ts";
import type { Refresh } from "./data/source/refresh.ts";
import type { AuditNote } from "./domain/audit.ts";
import { EngineError, InputError } from "./domain/errors.ts";
import { labels } from "./domain/labels.ts";
import { branchParts } from "./domain/naming.ts";
import { describeParts } from "./domain/seed.ts";
import { type DataUse, snapshotId, type SnapshotRow, type SnapshotView } from "./domain/snapshot.ts";
import { allow, statusOf } from "./engine/docker.ts";
import { ownedBy } from "./engine/ownership.ts";

type Options = Pick<Ground, "config" | "store" | "docker" | "server" | "clock" | "log"> & {
  data: Pick<Data, "snapshots" | "editions" | "usage">;
  refresh: Refresh;
  /** Of a preview that is named as people name it. */
  slugOf(id: string): string | null;
};

/** Fits what is known of snapshots, in the store and on the engine, to what the API shows and does. */
export function createSnapshotDesk(options: Options): ApiWorld["snapshots"] {
  const { config, store, docker, data, refresh, log } = options;
  const list = async (): Promise<SnapshotView[]> => {
    const found = await look(options);
    const { editions } = store;
    return [
      ...store.snapshots.all().map((row) => viewOf(row, found, options)),
      ...editions
        .all()
        .map((row) => viewOfEdition(row, { bytes: found.bytes, isInUse: data.editions.isInUse(row.volume) })),
    ];
  };
  const rowOf = async (id: string): Promise<SnapshotRow> => {
    const view = named(await list(), id);
    const row = store.snapshots.all().find(({ volume }) => volume === view.volume);
    if (row) return row;
    throw new InputError("usage", `${id} is an edition of a source`, {
      hint: `mayfly snapshot refresh ${view.sources.join()}`,
    });
  };
  /** The newest of each key that a preview branches from, or the one named. */
  const rowsFor = async (id: string): Promise<SnapshotRow[]> => {
    const slug = options.slugOf(id);
    if (slug === null) return [await rowOf(id)];
    const read = (await list()).filter(({ branches }) => branches.some(({ preview }) => preview === slug));
    const isOf = (row: SnapshotRow) => row.replacedAt === null && read.some(({ key }) => key === row.key);
    const rows = store.snapshots.all().filter(isOf);
    if (rows.length > 0) return rows;
    const hint = "Its data was made where it runs.";
    throw new InputError("nothing-changed", `${id} branches from no snapshot`, { hint });
  };
  const tell = (
    asker: Omit<AuditNote, "action" | "preview" | "outcome" | "detail">,
    action: string,
    row: SnapshotRow,
  ) => {
    const { repository, wish } = row.origin;
    const detail = `${snapshotId(row.volume)} of ${repository}, ${wish.service.name}`;
    store.audit.write({ ...asker, action, preview: null, outcome: "done", detail });
  };
  return {
    list,
    show: async (id) => named(await list(), id),
    sources: () => storedSources(options),
    async use() {
      const found = await look(options);
      return useOf(await list(), found, config.data.budgetBytes);
    },
    refresh(name, asker) {
      const told = refresh.refresh(name, asker);
      told.catch((error: unknown) => log.error({ err: error, source: name }, "a refresh did not end"));
    },
    async build(id, asker) {
      const rows = await rowsFor(id);
      for (const row of rows) {
        tell(asker, "snapshot-build", row);
        const built = refresh.rebuild(row, "asked for");
        built.catch((error: unknown) => log.error({ err: error, snapshot: row.volume }, "a snapshot was not built"));
      }
      return rows.map(({ volume }) => snapshotId(volume));
    },
    async remove(id, asker) {
      const row = await rowOf(id);
      const { branches } = named(await list(), row.volume);
      if (branches.length > 0) throw inUse(id, branches.map(({ preview }) => preview).join(", "));
      try {
        // The engine itself refuses what a container holds, in this moment, too.
        await allow(docker.getVolume(row.volume).remove(), 404);
      } catch (error) {
        if (statusOf(error) === 409) throw inUse(id, "a container");
        throw error;
      }
      store.snapshots.forget(row.volume);
      tell(asker, "snapshot-rm", row);
      return snapshotId(row.volume);
    },
  };
}

function inUse(id: string, readers: string): EngineError {
  return new EngineError("snapshot-in-use", `the snapshot ${id} is read by ${readers}`);
}

/** By id, by key or by the beginning of either; of several with one key the newest. Throws InputError `not-found`. */
export function named(views: readonly SnapshotView[], id: string): SnapshotView {
  const isIt = (view: SnapshotView) => view.volume === id || view.id.startsWith(id) || view.key.startsWith(id);
  const matches = id.length < 4 ? [] : views.filter(isIt);
  const exact = matches.find((view) => view.id === id || view.volume === id);
  const [only, another] = matches.some(({ newest }) => newest) ? matches.filter(({ newest }) => newest) : matches;
  if (exact ?? (another === undefined && only)) return exact ?? only!;
  const what = another === undefined ? `there is no snapshot "${id}"` : `several snapshots begin with "${id}"`;
  throw new InputError("not-found", what, { hint: "`mayfly snapshot ls` shows the snapshots there are." });
}

/** Which volumes branch from which snapshot, and what all volumes take. */
type Found = { bytes: ReadonlyMap<string, number>; branches: { volume: string; snapshot: string; preview: string }[] };

async function look({ docker, server, data }: Options): Promise<Found> {
  const [{ Volumes: volumes }, bytes] = await Promise.all([
    docker.listVolumes({ filters: ownedBy(server) }),
    data.usage(),
  ]);
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
    sources: wish.seed.parts.flatMap((part) => (part.kind === "source" ? [part.name] : [])),
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
