import type { Failure } from "../domain/errors.ts";
import type { SeedSpec } from "../domain/seed.ts";
import type { SnapshotOrigin, SnapshotWish } from "../domain/snapshot.ts";
import type { Snapshot } from "../domain/stack.ts";
import type { Checkout, Subscriber } from "./ports.ts";
import type { Migrations, RetiredVolume, Strategy, VolumeFacts } from "../domain/data.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { ObservedVolume } from "../domain/stack-state.ts";

/** Which volumes hold whole data. */
export type WholeVolumes = {
  of(key: string): ReadonlySet<string>;
  complete(key: string, volume: string, origin: Pick<VolumeFacts, "seed" | "branch">): void;
  /** What is known of them, by name. */
  factsOf(key: string): Readonly<Record<string, VolumeFacts>>;
  /** Code that brings these migrations is about to run on it. */
  saw(key: string, volume: string, migrations: Migrations): void;
  /** How much was written to it by now; null: nobody knows. */
  mark(volume: string, count: string | null): void;
  /** Somebody wrote to it while it served, or may have. */
  wrote(volume: string): void;
  /** What was replaced and is kept for a while, the last first. */
  retiredOf(key: string): RetiredVolume[];
  forgetRetired(volume: string): void;
  forgetAll(key: string): void;
};

/** What only who knows databases can tell of data. */
export type DataBranches = {
  /** How much was written to a volume so far, by its database's own count or its files; null: not known. */
  countOf(data: { service: ServiceSpec; container: string; volume: ObservedVolume }): Promise<string | null>;
  /** Whether nothing was written between two counts. */
  isSameCount(before: string, now: string): boolean;
  /** How a branch is made on this host. */
  strategy(): Promise<Strategy>;
};

/** `isNews`: the subscriber was not told so before. */
type SnapshotOutcome =
  | { state: "ready"; snapshot: Snapshot; isNews: boolean }
  | { state: "building"; isNews: boolean }
  | { state: "failed"; failure: Failure };

/** Golden data that previews branch from; built, told of and given up as images are. */
export type Snapshots = {
  find(key: string): Promise<Snapshot | null>;
  request(
    wish: SnapshotWish,
    subscriber: Subscriber,
    request: {
      owner: Omit<SnapshotOrigin, "wish">;
      open(signal: AbortSignal, paths: readonly string[]): Promise<Checkout>;
    },
  ): Promise<SnapshotOutcome>;
  /** Asks for what the sources of a seed give that is loaded where it runs. */
  requestSources(
    seed: SeedSpec,
    service: ServiceSpec,
    subscriber: Subscriber,
  ): Promise<{ state: "ready" | "building"; isNews: boolean } | { state: "failed"; failure: Failure }>;
  release(preview: string, generation?: number): void;
};
