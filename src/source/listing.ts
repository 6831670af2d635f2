import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Git, type GitRun } from "./git.ts";

/** One file, link or submodule of a commit, as git's index has its mode (gitformat-index(5)). */
export type Entry = { mode: string; object: string; size: number; path: string };

/** All that a commit holds, asked of git once. Paths are normalized and seen from its root. */
export type Listing = {
  entries: readonly Entry[];
  /** git's id of what is at a path below the root, its bytes, and whether it is a folder; null where nothing is. */
  find(path: string): { id: string; size: number; isFolder: boolean } | null;
  /** A hash of the files in a folder that are not left out; null where they are too many to ask of each. */
  hashOfKept(folder: string, left: Left): Promise<string | null>;
};

export type Left = { ignores(path: string): boolean };

/** What a list of files may take, some 500,000 of them. */
export const mostListBytes = 64 * 1024 ** 2;
const mostAsked = 50_000;
/** After so long somebody else's turn comes. */
const turnMs = 10;

/** Throws GitExit, also where the commit holds more than can be listed. */
export async function listCommit(git: Git, mirror: string, commit: string, run: GitRun): Promise<Listing> {
  const listing = ["--git-dir", mirror, "ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit];
  const listed = await git(listing, { ...run, mostBytes: mostListBytes });
  const all = listed.split("\0").flatMap(parseEntry);
  const entries = all.filter(({ mode }) => mode !== folderMode);
  let byPath: ReadonlyMap<string, Entry> | undefined;

  return {
    entries,
    find(path) {
      byPath ??= new Map(all.map((entry) => [entry.path, entry]));
      const found = byPath.get(path);
      return found === undefined ? null : { id: found.object, size: found.size, isFolder: found.mode === folderMode };
    },
    async hashOfKept(folder, left) {
      const start = folder === "." ? "" : `${folder}/`;
      const inside = entries.filter(({ path }) => path.startsWith(start));
      if (inside.length > mostAsked) return null;
      const hash = createHash("sha256");
      let begunAt = performance.now();
      for (const { mode, object, path } of inside) {
        // Patterns of a branch may take their time, and the rest of the server is not to wait for it.
        if (performance.now() - begunAt > turnMs) {
          await nextTurn();
          run.signal?.throwIfAborted();
          begunAt = performance.now();
        }
        const seen = path.slice(start.length);
        if (!left.ignores(seen)) hash.update(`${mode} ${object}\t${seen}\0`);
      }
      return hash.digest("hex");
    },
  };
}

const folderMode = "040000";

/** `MODE TYPE OBJECT SIZE\tPATH`, as git-ls-tree(1) tells. */
function parseEntry(entry: string): Entry[] {
  const [, mode, object, size, path] = /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t([^]+)$/.exec(entry) ?? [];
  if (mode === undefined || object === undefined || path === undefined) return [];
  return [{ mode, object, size: size === "-" ? 0 : Number(size), path }];
}
