import type { Place } from "./errors.ts";

/** What is done with data when its seed, or a migration that it has seen, is another one by now. */
export type WhenChanged = "wait" | "reset" | "keep";

/** What the manifest says of the data of a service. */
export type DataRules = {
  service: string;
  /** Patterns of paths, as git reads them: `*` stays within a folder, `**` does not. */
  migrations: string[];
  /** Where they are written. */
  place?: Place;
  changed: WhenChanged;
};

/** By path of the repository, git's id of what is there. */
export type Migrations = Readonly<Record<string, string>>;

/** Which data a deployment runs on, and why (`plan/data-choice.ts`). `cause` is for people. */
export type DataChoice =
  /** That of before; `added` are migrations that it has not seen yet. */
  | { kind: "keep"; added: string[] }
  /** That of before, until somebody says `/reset`. */
  | { kind: "wait"; cause: string; why: string; added: string[] }
  | { kind: "re-branch"; cause: string }
  /** What was retired; by its name on the engine. */
  | { kind: "restore"; name: string };

/** What is known of the data in a volume. */
export type VolumeFacts = {
  /** Hash of the seed that it began with; null where none of ours did. */
  seed: string | null;
  /** Of a data branch: how it was made, and how long that took. */
  branch: { strategy: Strategy; tookMs: number } | null;
  /** Migrations that code which ran on it may have carried out. */
  seen: Migrations;
  /** How much had been written by the database's own count when the preview was ready, and when that was; null: not known. */
  mark: { count: string; at: number } | null;
  /** Somebody wrote to it while it served, or nobody knows whether. */
  written: boolean;
};

/** How a preview gets its copy of a snapshot: sharing what it does not change, or a copy of all of it. */
export type Strategy = "overlay" | "copy";

/** Data that was replaced, and is kept for a while. */
export type RetiredVolume = {
  /** On the engine. */
  name: string;
  /** The user's own name. */
  volume: string;
  service: string | null;
  /** The image that made it, where it has a name. */
  image: string | null;
  edition: string | null;
  /** Why it was replaced, and by which generation. */
  cause: string;
  replacedBy: number;
  /** It goes then, in epoch milliseconds. */
  until: number;
};

/** How long replaced data stays. */
export const retiredMs = 24 * 3_600_000;
/** Of one volume, so many stay at once; the oldest go first. */
export const retiredAtOnce = 3;

/** What people name retired data by. */
export function retiredId({ name }: Pick<RetiredVolume, "name">): string {
  return name.slice(name.lastIndexOf("_") + 1);
}

/** Of several, those that one deployment replaced together: by the id of one of them, else the last. */
export function retiredTogether(retired: readonly RetiredVolume[], id: string | null): RetiredVolume[] {
  if (id !== null) return retired.filter((each) => retiredId(each) === id);
  const last = Math.max(...retired.map(({ replacedBy }) => replacedBy));
  return retired.filter(({ replacedBy }) => replacedBy === last);
}
