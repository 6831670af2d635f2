import { createHash } from "node:crypto";

/**
 * Ids of repositories that no forge knows begin here: GitHub's count up from 1 and are nowhere near, and a JavaScript
 * number still holds them exactly.
 */
const firstLocalId = 2 ** 52;

/** The id of a directory on somebody's machine; `origin` is any text that is the same each time and nowhere else. */
export function localRepositoryId(origin: string): number {
  return firstLocalId + Number.parseInt(createHash("sha256").update(origin).digest("hex").slice(0, 12), 16);
}

/** True for a preview that `mayfly up` made: there is no pull request to read or to tell. */
export function isLocal(repositoryId: number): boolean {
  return repositoryId >= firstLocalId;
}

/** The same, from a preview's key. */
export function isLocalKey(key: string): boolean {
  return isLocal(Number(key.split("-")[0]));
}

/** Two directories of one name are two repositories. */
export function localRepositoryName(id: number, name: string): string {
  return `local-${(id - firstLocalId).toString(16).padStart(12, "0")}/${name.replaceAll(/[^\w.-]+/g, "-")}`;
}

/** What `mayfly up` says of a directory. */
export type LocalWork = {
  /** Says which directory on which machine it is. */
  origin: string;
  /** The directory's own name. */
  name: string;
  branch: string;
  commit: string;
  title: string;
  author: string;
};
