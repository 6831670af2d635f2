import { type Asker, byItself } from "../../domain/audit.ts";
import { type Failure, InputError } from "../../domain/errors.ts";
import type { RebuildFailure, SnapshotRow } from "../../domain/snapshot.ts";
import {
  type Edition,
  type EditionWish,
  type Source,
  type SourceRead,
  offerSources,
  wishEdition,
} from "../../domain/source.ts";
import type { DataHost } from "../data-host.ts";
import type { Editions } from "./editions.ts";

export type RefreshOptions = Pick<DataHost, "clock" | "log"> & {
  sources: readonly Source[];
  editions: Pick<Editions, "find" | "renew" | "sweep">;
  rows: {
    all(): Edition[];
    readOf(source: string): SourceRead | null;
    /** From now on its schedule counts, where it was never read. */
    see(source: string): void;
  };
  snapshots: {
    sweep(): Promise<void>;
    all(): SnapshotRow[];
    /** Builds it again, and lets new previews have that; answers why it failed, or null. */
    rebuild(row: SnapshotRow, cause: string): Promise<Failure | null>;
    fail(volume: string, failure: Omit<RebuildFailure, "at">): void;
  };
};

export type Refresh = {
  /**
   * Reads a source anew, for every database that it is loaded into, and then builds what was loaded from it; answers
   * why that did not succeed. Throws InputError at once.
   */
  refresh(name: string, asker: Asker): Promise<Failure | null>;
  /** Builds a snapshot again; where that does not succeed, the one there is stays and says why. */
  rebuild(row: SnapshotRow, cause: string): Promise<Failure | null>;
  /** Reads the sources that are due, and builds the snapshots that hold less than the newest edition. */
  tick(): Promise<void>;
  /** Removes snapshots and editions that nobody would use any more, and what interrupted work left. */
  sweep(): Promise<void>;
};

/** What nothing was loaded from for so long, and no snapshot is made of, is neither kept nor read anew. */
const unusedMs = 7 * 86_400_000;

/** Keeps sources as fresh as their schedules say, and the snapshots that name them with them. Nothing waits for it. */
export function createRefresh({ sources, editions, rows, snapshots, clock, log }: RefreshOptions): Refresh {
  let isBusy = false;
  for (const { name } of sources) rows.see(name);
  return {
    refresh(name, asker) {
      const source = sources.find((each) => each.name === name);
      if (source === undefined) throw unknown(name, sources);
      const wishes = wantedOf(source);
      if (wishes.length === 0) {
        const hint = "The first preview that names it has it read; with an `image` of its own it can be read before.";
        throw new InputError("nothing-changed", `nothing is loaded from ${name} yet, and it names no image`, { hint });
      }
      return read(wishes, { cause: "asked for", asker }).then((failure) => catchUp().then(() => failure));
    },
    rebuild: (row, cause) => rebuild(row, cause, []),
    async tick() {
      // The one before still reads.
      if (isBusy) return;
      isBusy = true;
      try {
        for (const source of sources.filter(isDue)) {
          await read(wantedOf(source), { cause: `due by ${source.refresh?.text ?? ""}`, asker: byItself });
        }
        await catchUp();
      } finally {
        isBusy = false;
      }
    },
    async sweep() {
      await editions.sweep((edition) => wantedKeys().has(edition.key));
      await snapshots.sweep();
    },
  };

  function isDue({ name, refresh }: Source): boolean {
    const next = refresh?.next(rows.readOf(name)?.triedAt ?? clock.now()) ?? null;
    return next !== null && next <= clock.now();
  }

  async function read(wishes: readonly EditionWish[], why: Parameters<Editions["renew"]>[1]): Promise<Failure | null> {
    let failure: Failure | null = null;
    for (const wish of wishes) failure = (await editions.renew(wish, why)) ?? failure;
    return failure;
  }

  /** Snapshots that were loaded from an edition that another one has replaced. */
  async function catchUp(): Promise<void> {
    for (const row of snapshots.all()) {
      if (row.replacedAt !== null) continue;
      const newest = await Promise.all(
        row.editions.map(async ({ key, volume }) => (await editions.find(key))?.volume ?? volume),
      );
      const isOld = row.editions.some(({ volume }, index) => newest[index] !== volume);
      // What failed with this edition fails with it again.
      if (!isOld || row.failure?.with === newest.join(" ")) continue;
      const names = row.origin.wish.seed.parts.flatMap((part) => (part.kind === "source" ? [part.name] : []));
      // What the operator has taken from a repository, or from forks, is not loaded for them any more.
      const offered = offerSources(sources, row.origin).names;
      if (names.some((name) => !offered.includes(name))) continue;
      await rebuild(row, `${names.join(", ")} was read anew`, newest);
    }
  }

  async function rebuild(row: SnapshotRow, cause: string, held: readonly string[]): Promise<Failure | null> {
    const failure = await snapshots.rebuild(row, cause);
    if (failure === null) return null;
    snapshots.fail(row.volume, { ...failure, with: held.join(" ") });
    log.warn({ snapshot: row.volume, what: failure.what }, "a snapshot stays as it was");
    return failure;
  }

  /** One for each database that it is or was loaded into. */
  function wantedOf(source: Source): EditionWish[] {
    const images = new Set([
      ...(source.image === null ? [] : [source.image]),
      ...usedOf(source),
      ...snapshots.all().flatMap(({ origin: { wish } }) => {
        const isNamed = wish.seed.parts.some((part) => part.kind === "source" && part.name === source.name);
        return isNamed && wish.service.image.kind === "pull" ? [wish.service.image.reference] : [];
      }),
    ]);
    if (source.mask === null) images.add("");
    const wishes = [...images].map((reference) => wishEdition(source, { image: { kind: "pull", reference } }));
    return [...new Map(wishes.flatMap((wish) => (wish === null ? [] : [[wish.key, wish] as const]))).values()];
  }

  /** The images of the edition that was used last, and of those that were lately. */
  function usedOf({ name }: Source): string[] {
    const own = rows.all().filter(({ source, replacedAt }) => source === name && replacedAt === null);
    const used = own.toSorted((a, b) => b.usedAt - a.usedAt);
    return used.flatMap(({ image, usedAt }, index) =>
      image !== null && (index === 0 || clock.now() - usedAt <= unusedMs) ? [image] : [],
    );
  }

  function wantedKeys(): Set<string> {
    return new Set(sources.flatMap((source) => wantedOf(source).map(({ key }) => key)));
  }
}

function unknown(name: string, sources: readonly Source[]): InputError {
  const names = sources.map((each) => each.name).join(", ");
  return new InputError("not-found", `there is no source "${name}"`, {
    hint: names === "" ? "server.yaml names none (docs/sources.md)." : `There are: ${names}.`,
  });
}
