import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { InputError } from "../domain/errors.ts";
import type { LocalWork } from "../domain/local.ts";
import type { Terminal } from "./terminal.ts";

export type PackedWork = AsyncDisposable & {
  work: LocalWork;
  /** The commit and everything in its tree, as git packs it. */
  pack(): Readable;
};

export type Tree = { directory: string; branch: string | null };

type Git = (args: readonly string[], input?: string) => Promise<string>;

/** The name under which `up` shows files as they are now, committed or not. */
const asItIs = "working-tree";

/** Says which directory and branch is meant, so that `down` finds what `up` made. Throws InputError when it is none of git's. */
export async function describeTree(
  tree: Tree,
  { environment }: Terminal,
): Promise<Pick<LocalWork, "origin" | "branch">> {
  if (!existsSync(tree.directory)) {
    throw new InputError("file-missing", `there is no directory ${tree.directory}`, {
      hint: "Name the folder of a git repository, or a folder in one.",
    });
  }
  const git = gitIn(tree.directory, environment);
  await git(["rev-parse", "--show-toplevel"]);
  return { origin: `${hostname()} ${await realpath(tree.directory)}`, branch: tree.branch ?? asItIs };
}

/**
 * A directory's files as one commit: those of a branch, or (without one) as they are now, new ones too unless git ignores
 * them. Nothing is written to the repository: index and objects are temporary. The same files make the same commit.
 */
export async function packTree(tree: Tree, terminal: Terminal): Promise<PackedWork> {
  const described = await describeTree(tree, terminal);
  const folder = await mkdtemp(join(tmpdir(), "mayfly-up-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const outside = gitIn(tree.directory, terminal.environment);
    const environment = { ...terminal.environment, ...(await scratch(outside, folder)) };
    const git = gitIn(tree.directory, environment);
    const { commit, title } = await commitOf(tree, git);
    const objects = await git(["rev-list", "--objects", "--no-walk", commit]);
    const name = basename(await realpath(tree.directory)) || "directory";
    return {
      work: { ...described, name, commit, title, author: userInfo().username },
      // Begun only when it is read: Node drops what a child wrote that nobody has read when it ends.
      pack: () => packed(tree.directory, objects, environment),
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** An index and an object store of our own; the repository's objects are read through it. */
async function scratch(git: Git, folder: string): Promise<Record<string, string>> {
  const index = join(folder, "index");
  const objects = join(folder, "objects");
  await mkdir(objects, { recursive: true });
  await copyFile(await git(["rev-parse", "--path-format=absolute", "--git-path", "index"]), index).catch(
    (error: NodeJS.ErrnoException) => {
      // A repository in which nothing was ever added has none.
      if (error.code !== "ENOENT") throw error;
    },
  );
  return {
    GIT_INDEX_FILE: index,
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: await git(["rev-parse", "--path-format=absolute", "--git-path", "objects"]),
  };
}

async function commitOf({ branch, directory }: Tree, git: Git): Promise<{ commit: string; title: string }> {
  const prefix = await git(["rev-parse", "--show-prefix"]);
  // git answered before: what fails here is that there is no such commit, told below, or (HEAD) none at all yet.
  const known = await git([
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${branch ?? "HEAD"}^{commit}`,
  ]).catch(() => null);
  if (branch !== null && known === null) {
    throw new InputError("not-found", `there is no branch "${branch}" in ${directory}`, {
      hint: "`git branch --all` lists them; without --branch the files are taken as they are.",
    });
  }
  const tree = branch === null ? await treeAsItIs(git, prefix) : await git(["rev-parse", `${known}:${prefix}`]);
  const whole = known !== null && (await git(["rev-parse", `${known}^{tree}`])) === tree;
  if (whole) return { commit: known, title: await git(["log", "-1", "--format=%s", known]) };
  const title = branch === null ? "Working tree, with changes not committed" : `${branch}, ${prefix}`;
  return { commit: await git(["commit-tree", tree, "-m", title]), title };
}

async function treeAsItIs(git: Git, prefix: string): Promise<string> {
  await git(["add", "--all", "--", "."]);
  return git(["write-tree", ...(prefix === "" ? [] : [`--prefix=${prefix}`])]);
}

/** Who and when are fixed: a commit's id shall follow from its files alone. */
const nobody = Object.fromEntries(
  ["AUTHOR", "COMMITTER"].flatMap((role) => [
    [`GIT_${role}_NAME`, "mayfly up"],
    [`GIT_${role}_EMAIL`, "mayfly@localhost"],
    [`GIT_${role}_DATE`, "@0 +0000"],
  ]),
);

function gitIn(directory: string, environment: Terminal["environment"]): Git {
  return async (args) => {
    const child = spawn("git", ["-C", directory, ...args], {
      env: { ...environment, ...nobody, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(child, "close");
    const [out, said] = await Promise.all([text(child.stdout), text(child.stderr), started(child)]);
    const [code] = (await ended) as [number | null];
    if (code === 0) return out.trimEnd();
    throw new InputError("git-failed", `git ${args[0]} failed in ${directory}: ${said.trim().split("\n")[0] ?? ""}`, {
      hint: "`mayfly up` needs a git repository with the files to show: git init && git add .",
    });
  };
}

/** The one stream that may be large. */
function packed(directory: string, objects: string, environment: Terminal["environment"]): Readable {
  const child = spawn("git", ["-C", directory, "pack-objects", "--stdout", "-q"], {
    env: { ...environment, LC_ALL: "C" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(`${objects}\n`);
  return child.stdout;
}

async function started(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.pid !== undefined) return;
  const [error] = (await once(child, "error")) as [Error];
  throw new InputError("git-failed", "git could not be started", { cause: error, hint: "Install git 2.31 or newer." });
}
