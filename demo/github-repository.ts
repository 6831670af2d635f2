import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Path to new content; null deletes. */
export type FileChanges = Record<string, string | null>;

type Change = {
  /** Begins at the default branch's tip when it does not exist. */
  branch: string;
  files: FileChanges;
  message?: string;
  /** A login. */
  author?: string;
  /** Takes the place of the branch's tip instead of following it, as `commit --amend` and a forced push. */
  force?: boolean;
};

export type ChangedFile = {
  path: string;
  status: "added" | "modified" | "removed";
  additions: number;
  deletions: number;
};

/** A bare repository, changed by real git. */
export type Repository = {
  path: string;
  /** Makes the repository: one commit on `main`, the same sha each time for the same files. */
  create(files: string | Record<string, string>): Promise<string>;
  copyFrom(other: Repository): Promise<void>;
  commit(change: Change): Promise<string>;
  /** Merges (or squashes) a commit into a branch; null on conflict. */
  merge(
    branch: string,
    commit: string,
    as: { message: string; author: string; squash: boolean },
  ): Promise<string | null>;
  /** The commit that a ref, branch or abbreviation names, or null. */
  read(ref: string): Promise<string | null>;
  setRef(ref: string, commit: string, from?: Repository): Promise<void>;
  deleteRef(ref: string): Promise<void>;
  /** Removes a commit for good: every ref that contains it, then the objects nobody needs any more. */
  destroyCommit(commit: string): Promise<void>;
  changedFiles(base: string, head: string): Promise<ChangedFile[]>;
  /** Commits of head that base lacks, oldest first. */
  commitsBetween(base: string, head: string): Promise<Commit[]>;
};

type Commit = { sha: string; message: string; author: string; date: string };

type GitOptions = { input?: string; cwd?: string; env?: Record<string, string> };

/** Opens the bare repository at `path`; `create` or `copyFrom` makes it. */
export function openRepository(path: string): Repository {
  const git = (args: string[], options?: GitOptions) => runGit(["--git-dir", path, ...args], options);

  async function create(files: string | Record<string, string>): Promise<string> {
    await init(path);
    await using work = await scratch();
    const env = { GIT_INDEX_FILE: join(work.path, "index"), ...signature("octocat", "2026-01-05T09:00:00Z") };
    if (typeof files !== "string") await writeTree(join(work.path, "tree"), files);
    const cwd = typeof files === "string" ? files : join(work.path, "tree");
    await git(["--work-tree", cwd, "add", "--all"], { cwd, env });
    const tree = await git(["write-tree"], { env });
    const commit = await git(["commit-tree", tree, "-m", "Initial commit"], { env });
    await setRef("refs/heads/main", commit);
    return commit;
  }

  async function commit(change: Change): Promise<string> {
    await using work = await scratch();
    const env = { GIT_INDEX_FILE: join(work.path, "index"), ...signature(change.author ?? "octocat") };
    const cwd = join(work.path, "tree");
    const tip = (await read(`refs/heads/${change.branch}`)) ?? (await mustRead("HEAD"));
    const parent = change.force === true ? await mustRead(`${tip}^`) : tip;
    await git(["read-tree", parent], { env });
    await writeTree(cwd, change.files);
    // --remove: a path that the private tree lacks is one to delete.
    const input = Object.keys(change.files).join("\0");
    await git(["--work-tree", cwd, "update-index", "--add", "--remove", "-z", "--stdin"], { cwd, env, input });
    const tree = await git(["write-tree"], { env });
    const message = change.message ?? `Change ${Object.keys(change.files).join(", ")}`;
    const commit = await git(["commit-tree", tree, "-p", parent, "-m", message], { env });
    await setRef(`refs/heads/${change.branch}`, commit);
    return commit;
  }

  async function merge(
    branch: string,
    head: string,
    as: { message: string; author: string; squash: boolean },
  ): Promise<string | null> {
    const base = await mustRead(`refs/heads/${branch}`);
    const tree = await mergedTree(base, head).catch(() => null);
    if (tree === null) return null;
    const parents = as.squash ? ["-p", base] : ["-p", base, "-p", head];
    const merged = await git(["commit-tree", tree, ...parents, "-m", as.message], { env: signature(as.author) });
    await setRef(`refs/heads/${branch}`, merged);
    return merged;
  }

  /** By the old plumbing: `merge-tree --write-tree` is missing before git 2.38. */
  async function mergedTree(base: string, head: string): Promise<string> {
    await using work = await scratch();
    const env = { GIT_INDEX_FILE: join(work.path, "index") };
    const cwd = join(work.path, "tree");
    await mkdir(cwd);
    const ancestor = await git(["merge-base", base, head]);
    await git(["read-tree", "-i", "-m", "--aggressive", ancestor, base, head], { env });
    await git(["--work-tree", cwd, "merge-index", "-q", "git-merge-one-file", "-a"], { cwd, env });
    // Awaited here: the scratch folder goes when this function returns.
    return await git(["write-tree"], { env });
  }

  const read = (ref: string) => git(["rev-parse", "--quiet", "--verify", `${ref}^{commit}`]).catch(() => null);

  async function mustRead(ref: string): Promise<string> {
    const commit = await read(ref);
    if (commit === null) throw new Error(`${path} has no ${ref}`);
    return commit;
  }

  async function setRef(ref: string, commit: string, from?: Repository): Promise<void> {
    if (from !== undefined && from.path !== path) await git(["fetch", "--quiet", from.path, commit]);
    await git(["update-ref", ref, commit]);
  }

  async function destroyCommit(commit: string): Promise<void> {
    const refs = await git(["for-each-ref", "--format=%(refname)", "--contains", commit]);
    for (const ref of refs.split("\n").filter(Boolean)) await git(["update-ref", "-d", ref]);
    await rm(join(path, "FETCH_HEAD"), { force: true });
    await git(["gc", "--quiet", "--prune=now"]);
  }

  async function changedFiles(base: string, head: string): Promise<ChangedFile[]> {
    const range = `${base}...${head}`;
    const [kinds, counts] = await Promise.all([
      git(["diff", "--no-renames", "--name-status", range]),
      git(["diff", "--no-renames", "--numstat", range]),
    ]);
    const lines = counts.split("\n");
    return kinds
      .split("\n")
      .filter(Boolean)
      .map((line, index) => {
        const [kind, file = ""] = line.split("\t");
        const [added, deleted] = (lines[index] ?? "").split("\t").map((count) => Number.parseInt(count, 10) || 0);
        const status = kind === "A" ? "added" : kind === "D" ? "removed" : "modified";
        return { path: file, status, additions: added ?? 0, deletions: deleted ?? 0 };
      });
  }

  async function commitsBetween(base: string, head: string): Promise<Commit[]> {
    const log = await git(["log", "--reverse", "-z", "--format=%H%x01%an%x01%aI%x01%B", `${base}..${head}`]);
    return log
      .split("\0")
      .filter(Boolean)
      .map((entry) => {
        const [sha = "", author = "", date = "", message = ""] = entry.split("\x01");
        return { sha, author, date, message: message.trim() };
      });
  }

  return {
    path,
    create,
    copyFrom: async (other) => {
      await init(path);
      await git(["fetch", "--quiet", other.path, "refs/heads/*:refs/heads/*"]);
    },
    commit,
    merge,
    read,
    setRef,
    deleteRef: async (ref) => void (await git(["update-ref", "-d", ref])),
    destroyCommit,
    changedFiles,
    commitsBetween,
  };
}

async function init(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await runGit(["init", "--quiet", "--bare", "--initial-branch=main", path]);
  // GitHub serves any commit it has, and partial clones.
  await runGit(["--git-dir", path, "config", "uploadpack.allowAnySHA1InWant", "true"]);
  await runGit(["--git-dir", path, "config", "uploadpack.allowFilter", "true"]);
}

async function writeTree(root: string, files: FileChanges): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    if (content === null) continue;
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

/** A private folder for one commit's index and tree. */
async function scratch(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "mayfly-git-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function signature(login: string, date?: string): Record<string, string> {
  const email = `${login}@users.noreply.github.com`;
  const person = {
    GIT_AUTHOR_NAME: login,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: login,
    GIT_COMMITTER_EMAIL: email,
  };
  return date === undefined ? person : { ...person, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
}

/** The developer's own git configuration (hooks, signing, templates) must not show in the demo's commits. */
function runGit(args: string[], { input, cwd, env }: GitOptions = {}): Promise<string> {
  const plain = { PATH: process.env["PATH"], GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
  return new Promise((resolve, reject) => {
    const options = { env: { ...plain, ...env }, maxBuffer: 64 * 2 ** 20, ...(cwd === undefined ? {} : { cwd }) };
    const child = execFile("git", args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim());
      else reject(new Error(`git ${args.join(" ")}: ${stderr.trim() || error.message}`, { cause: error }));
    });
    // A git that does not read its input closes it first (EPIPE): its exit code tells what matters.
    child.stdin?.on("error", () => child.stdin?.destroy());
    child.stdin?.end(input ?? "");
  });
}
