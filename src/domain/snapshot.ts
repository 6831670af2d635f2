import type { Failure } from "./errors.ts";
import type { SeedSpec } from "./seed.ts";
import type { ServiceSpec } from "./service.ts";
import type { Snapshot, Trust } from "./stack.ts";

/** A snapshot that a stack's data can branch from, and all that it is built from. */
export type SnapshotWish = {
  key: string;
  service: ServiceSpec;
  seed: SeedSpec & { content: string };
  imageId: string;
  /** What its programs run in, by service. */
  programs: Record<string, SeedProgram>;
  readyTimeoutMs: number;
};

/** A service as a snapshot's program is run in it: without secrets and files of the repository. */
export type SeedProgram = { service: ServiceSpec; imageId: string; withoutSecrets: string[] };

/** Whose commit a snapshot's files are read from, and why it was built: with its wish, enough to build it anew. */
export type SnapshotOrigin = {
  repositoryId: number;
  repository: string;
  number: number;
  trust: Trust;
  commit: string;
  cause: string;
  wish: SnapshotWish;
};

/** What the store knows of one. Times in epoch milliseconds. */
export type SnapshotRow = Snapshot & {
  origin: SnapshotOrigin;
  /** The source editions that it was loaded from, by their volumes. */
  editions: EditionUse[];
  builtAt: number;
  tookMs: number;
  usedAt: number;
  /** Since when another one of the same key is given to new previews; null for that one. */
  replacedAt: number | null;
  /** Why building it anew did not succeed, last. */
  failure: RebuildFailure | null;
};

/** A source edition by its key, and the volume that it stood in. */
export type EditionUse = { key: string; volume: string };

/** `with`: the volumes of the editions that it failed with, which it would fail with again. */
export type RebuildFailure = Failure & { at: number; with: string };

/** The short name of a snapshot's volume, for people: `3f2a91bc-5d1e88f0`. */
export function snapshotId(volume: string): string {
  return volume.split("-").slice(-2).join("-");
}

/** What people are shown of a snapshot, or of a source's edition, which is what its snapshots are loaded from. */
export type SnapshotView = {
  id: string;
  kind: "snapshot" | "edition";
  volume: string;
  key: string;
  /** Of an edition these three are null. */
  repository: string | null;
  trust: Trust | null;
  service: string | null;
  /** Names of the sources in it. */
  sources: string[];
  /** What it is loaded from, in order, as people wrote it. */
  parts: string[];
  /** Why it was built, and of which commit. */
  cause: string;
  commit: string | null;
  builtAt: number;
  tookMs: number;
  usedAt: number;
  /** False once another one took its place; then it stays while something reads it. */
  newest: boolean;
  inUse: boolean;
  /** Null where the engine does not know. */
  bytes: number | null;
  /** Previews with a data branch of it, and what each wrote of its own. */
  branches: { preview: string; bytes: number | null }[];
  failure: (Failure & { at: number }) | null;
};

/** All data that is kept, in bytes, and how much there may be; null: as much as there is room for. */
export type DataUse = { snapshots: number; editions: number; branches: number; budget: number | null };
