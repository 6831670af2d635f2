import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { pino } from "pino";
import { createGitServer, type GitRequest, type GitServer } from "../../demo/git-server.ts";
import type { Repository } from "../../demo/github-repository.ts";
import type { Clock } from "../../src/domain/time.ts";
import { createSource, type Source, type SourceOptions } from "../../src/source/source.ts";

const run = promisify(execFile);
export const token = "ghs_sourceTestToken0123456789";

export const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }),
};

export type World = AsyncDisposable & {
  folder: string;
  state: string;
  server: GitServer;
  repository: Repository;
  requests: GitRequest[];
  /** Another repository of the server. */
  of(repository: Repository): Pick<World, "git" | "repository">;
  pull: { repository: string; repositoryId: number; number: number };
  /** Another source on the same state folder, as after a restart. */
  source(more?: Partial<SourceOptions>): Source;
  /** git in the server's own repository. */
  git(args: string[], input?: string): Promise<string>;
};

/** Where commits are made. */
type Place = Pick<World, "git" | "repository">;

/** A real git server with `acme/shop`, pull request 1 at `refs/pull/1/head`, and a state folder. */
export async function createWorld(
  files: Record<string, string> = { "compose.yaml": "services: {}\n" },
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-source-"));
  const requests: GitRequest[] = [];
  const server = await createGitServer({
    root: join(folder, "server"),
    token,
    log: (request) => requests.push(request),
  });
  const repository = server.repository("acme/shop");
  await repository.setRef("refs/pull/1/head", await repository.create(files));
  const state = join(folder, "state");
  return {
    folder,
    state,
    server,
    repository,
    requests,
    pull: { repository: "acme/shop", repositoryId: 7, number: 1 },
    source: (more) =>
      createSource({
        state,
        webUrl: server.url,
        token: async () => token,
        randomId: (length) => randomBytes(length).toString("hex").slice(0, length),
        clock,
        log: pino({ level: "silent" }),
        ...more,
      }),
    git: (args, input) => runGit(repository.path, args, input),
    of: (other) => ({ repository: other, git: (args, input) => runGit(other.path, args, input) }),
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One entry of a commit's tree as git itself holds it, so that it can be anything. */
export type Entry = { mode: "100644" | "100755" | "120000" | "160000"; path: string; content: string };

/** A commit of exactly these entries, at `refs/pull/<number>/head`. */
export async function commitEntries(world: Place, entries: Entry[], number = 1): Promise<string> {
  const lines = await Promise.all(
    entries.map(async ({ mode, path, content }) => {
      if (mode === "160000") return `${mode} commit ${content}\t${path}`;
      return `${mode} blob ${await world.git(["hash-object", "-w", "--stdin"], content)}\t${path}`;
    }),
  );
  const tree = await world.git(["mktree", "--missing"], `${lines.join("\n")}\n`);
  const commit = await world.git(["commit-tree", tree, "-m", "hostile"]);
  await world.repository.setRef(`refs/pull/${number}/head`, commit);
  return commit;
}

async function runGit(path: string, args: string[], input = ""): Promise<string> {
  const person = { GIT_AUTHOR_NAME: "m", GIT_AUTHOR_EMAIL: "m@x", GIT_COMMITTER_NAME: "m", GIT_COMMITTER_EMAIL: "m@x" };
  const running = run("git", ["--git-dir", path, ...args], { env: { PATH: process.env["PATH"], ...person } });
  // A git that does not read its input closes it first (EPIPE): its exit code tells what matters.
  running.child.stdin?.on("error", () => running.child.stdin?.destroy());
  running.child.stdin?.end(input);
  return (await running).stdout.trim();
}
