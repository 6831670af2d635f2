import type { Data } from "./app-data.ts";
import type { Ground } from "./app-state.ts";
import { type SnapshotView, snapshotId } from "./domain/snapshot.ts";
import type { Edition, Source, SourceView } from "./domain/source.ts";

/** An edition as people see it among the snapshots. */
export function viewOfEdition(
  { volume, key, source, cause, builtAt, tookMs, usedAt, replacedAt }: Edition,
  { bytes, isInUse }: { bytes: ReadonlyMap<string, number>; isInUse: boolean },
): SnapshotView {
  return {
    id: snapshotId(volume),
    kind: "edition",
    volume,
    key,
    repository: null,
    trust: null,
    service: null,
    sources: [source],
    parts: [],
    cause,
    commit: null,
    builtAt,
    tookMs,
    usedAt,
    newest: replacedAt === null,
    inUse: isInUse,
    bytes: bytes.get(volume) ?? null,
    branches: [],
    failure: null,
  };
}

type Known = Pick<Ground, "config" | "store" | "clock"> & { data: Pick<Data, "editions"> };

/** Each source of the server file, with what it gave and when it is read again. */
export function storedSources({ config, store, clock, data }: Known): SourceView[] {
  return config.sources.map((source) => ({
    kind: "source",
    ...factsOf(source),
    next: source.refresh?.next(clock.now()) ?? null,
    read: store.editions.readOf(source.name),
    isUnderWay: data.editions.underWay().some((wish) => wish.source === source.name),
    editions: store.editions.all().filter((edition) => edition.source === source.name),
  }));
}

function factsOf({ name, sensitive, mask, refresh, repositories, forks }: Source) {
  return { name, sensitive, rules: mask?.hash ?? null, refresh: refresh?.text ?? null, repositories, forks };
}
