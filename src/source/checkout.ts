import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { SourceError } from "../domain/errors.ts";
import type { RandomId } from "../domain/time.ts";
import { normalizeContained, resolveContained } from "./contained-path.ts";
import { type Git, GitExit } from "./git.ts";
import { readTextInside } from "./text-file.ts";

/** A commit's files on disk, private and without `.git`, until disposed. */
export type Checkout = AsyncDisposable & {
  root: string;
  commit: string;
  /** What is not laid out as what it is: a link is a small text file, a submodule an empty folder. Sorted. */
  special: readonly Special[];
  readText(path: string): string | null;
  kindOf(path: string): "file" | "directory" | "none" | "other";
  list(path: string): string[];
  linkAt(path: string): string | null;
  /** By git's own id, or by a hash of those of the files that are not `left` out. */
  treeId(path: string, left?: { ignores(path: string): boolean }): Promise<string>;
  measure(path: string): Promise<{ files: number; bytes: number }>;
};

export type Special = { path: string; kind: "symbolic link" | "submodule" };

export type CheckoutOptions = {
  /** Where the private trees live. */
  folder: string;
  mirror: string;
  commit: string;
  git: Git;
  randomId: RandomId;
  signal?: AbortSignal | undefined;
  /** Only these, with what lies in them; more may be there. */
  paths?: readonly string[] | undefined;
};

/** Lays out a commit of a mirror. Throws SourceError `git-failed`. */
export async function layOut(options: CheckoutOptions): Promise<Checkout> {
  const { folder, mirror, commit, git, randomId, signal } = options;
  const place = join(folder, randomId(16));
  const root = join(place, "tree");
  const remove = () => rm(place, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o700 });
  try {
    const special = await fill(root, { ...options, index: join(place, "index") });
    return { root, commit, special, ...readers(root, special), treeId, measure, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    if (error instanceof GitExit) {
      throw new SourceError("git-failed", `git could not lay out ${commit.slice(0, 7)}: ${error.said.slice(0, 200)}`, {
        cause: error,
      });
    }
    throw error;
  }

  async function measure(path: string): Promise<{ files: number; bytes: number }> {
    const inside = normalizeContained(path);
    const list = ["--git-dir", mirror, "ls-tree", "-r", "-l", "-z", "--full-tree", "--", commit];
    const answer = await git(inside === "." ? list : [...list, inside], { signal, mostBytes: most.listBytes });
    const entries = answer.split("\0").filter((entry) => entry !== "");
    return { files: entries.length, bytes: entries.reduce((sum, entry) => sum + sizeOf(entry), 0) };
  }

  async function treeId(path: string, left?: { ignores(path: string): boolean }): Promise<string> {
    const inside = normalizeContained(path);
    const object = inside === "." ? `${commit}^{tree}` : `${commit}:${inside}`;
    try {
      const id = await git(["--git-dir", mirror, "rev-parse", "--verify", object]);
      if (left === undefined) return id;
      const list = ["--git-dir", mirror, "ls-tree", "-r", "-z", "--full-tree", object];
      const listed = await git(list, { signal, mostBytes: most.listBytes });
      return (await hashOfKept(listed.split("\0"), left)) ?? id;
    } catch (error) {
      if (!(error instanceof GitExit)) throw error;
      throw new SourceError("file-missing", `there is no ${path} in ${commit.slice(0, 7)}`, { cause: error });
    }
  }
}

/** Of `MODE TYPE OBJECT\tPATH`, those whose paths are kept; null where they are too many to ask of each. */
async function hashOfKept(entries: string[], left: { ignores(path: string): boolean }): Promise<string | null> {
  if (entries.length > 50_000) return null;
  const hash = createHash("sha256");
  for (const [index, entry] of entries.entries()) {
    // Patterns of a branch may take their time, and the rest of the server is not to wait for it.
    if (index % 50 === 0) await nextTurn();
    const path = entry.slice(entry.indexOf("\t") + 1);
    if (path !== "" && !left.ignores(path)) hash.update(`${entry}\0`);
  }
  return hash.digest("hex");
}

/** Removes the trees that a killed process left. Only for the one that holds the state folder. */
export async function sweepCheckouts(folder: string): Promise<number> {
  const left = await readdir(folder).catch(() => []);
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
  return left.length;
}

type Filling = Pick<CheckoutOptions, "mirror" | "commit" | "git" | "signal" | "paths"> & { index: string };

/** What a list of files may take, some 500,000 of them, and what they may hold: a few kilobytes can name any number (a "git bomb"). */
const most = { listBytes: 64 * 1024 ** 2, fileBytes: 10 * 1024 ** 3 };

/** By an index of its own, which takes 37 ms where a worktree takes 96 and leaves a `.git` behind. */
async function fill(root: string, { mirror, commit, git, signal, paths, index }: Filling): Promise<Special[]> {
  const run = { signal, timeoutMs: 300_000, variables: { GIT_INDEX_FILE: index } };
  const list = ["--git-dir", mirror, "ls-tree", "-r", "-l", "-z", "--full-tree", commit];
  const listed = (await git(list, { ...run, mostBytes: most.listBytes })).split("\0");
  const bytes = listed.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes > most.fileBytes) {
    const what = `${commit.slice(0, 7)} holds ${Math.ceil(bytes / 1024 ** 3)} GiB of files, and 10 GiB are laid out at most`;
    throw new SourceError("git-failed", what);
  }
  await git(["--git-dir", mirror, "read-tree", commit], run);
  const few = paths === undefined ? null : namesIn(paths, listed);
  const which = few === null ? ["--all"] : ["--", ...few];
  const layOut = ["checkout-index", "--quiet", `--prefix=${root}/`, ...which];
  if (few?.length !== 0) await git(["--git-dir", mirror, "--work-tree", root, ...layOut], run);
  return listed.flatMap(parseSpecial);
}

/** The files at or below these paths; null when they are too many to be named in a call, or their names are no text. */
function namesIn(paths: readonly string[], listed: readonly string[]): string[] | null {
  const wanted = paths.map(normalizeContained);
  const isWanted = (name: string) =>
    wanted.some((path) => path === "." || name === path || name.startsWith(`${path}/`));
  const entries = listed.filter((entry) => entry !== "" && !entry.startsWith("160000 "));
  const names = entries.map((entry) => entry.slice(entry.indexOf("\t") + 1)).filter(isWanted);
  const isCallable = names.length <= 1000 && !names.some((name) => name.includes("\ufffd"));
  return isCallable && names.join("").length < 64 * 1024 ? names : null;
}

/** `MODE TYPE OBJECT SIZE\tPATH`, as git-ls-tree(1) tells; the modes are in git's index format, gitformat-index(5). */
function parseSpecial(entry: string): Special[] {
  const path = entry.slice(entry.indexOf("\t") + 1);
  if (entry.startsWith("120000 ")) return [{ path, kind: "symbolic link" }];
  return entry.startsWith("160000 ") ? [{ path, kind: "submodule" }] : [];
}

function sizeOf(entry: string): number {
  const [, size = "0"] = /^\d+ \w+ [0-9a-f]+ +(\d+)\t/.exec(entry) ?? [];
  return Number(size);
}

/** Reads below `root` without following links or leaving it; `special` are the paths git lays out as something else. */
export function readers(
  root: string,
  special: readonly Special[],
): Pick<Checkout, "readText" | "kindOf" | "list" | "linkAt"> {
  const kinds = new Map(special.map(({ path, kind }) => [path, kind]));

  const specialOnTheWay = (path: string): Special | undefined => {
    let way = "";
    for (const part of normalizeContained(path).split("/")) {
      way = way === "" ? part : `${way}/${part}`;
      const kind = kinds.get(way);
      if (kind !== undefined) return { path: way, kind };
    }
    return undefined;
  };

  return {
    readText(path) {
      const met = specialOnTheWay(path);
      if (met) throw new SourceError("path-outside", `${met.path} is a ${met.kind}, which is not followed`);
      return readTextInside(root, path);
    },
    kindOf: (path) => (specialOnTheWay(path) ? "other" : resolveContained(root, path).kind),
    linkAt(path) {
      const met = specialOnTheWay(path);
      if (met)
        return met.path === normalizeContained(path) && met.kind === "symbolic link"
          ? readTextInside(root, path)
          : null;
      const found = resolveContained(root, path);
      // In a checkout a link is a file; in a folder of somebody's own it is one.
      return found.kind === "other" && lstatSync(found.path).isSymbolicLink() ? readlinkSync(found.path) : null;
    },
    list(path) {
      const found = resolveContained(root, path);
      return found.kind === "directory" ? readdirSync(found.path).toSorted() : [];
    },
  };
}
