import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { MayflyError, SourceError } from "../domain/errors.ts";
import type { Clock } from "../domain/time.ts";
import { type Git, GitExit } from "./git.ts";
import { type TokenOf, withToken } from "./token.ts";
import { createTurns } from "./turns.ts";

export type Pull = { repository: string; repositoryId: number; number: number };

export type Mirrors = {
  /** Makes sure the commit is in the repository's mirror and answers the mirror's folder. */
  fetch(pull: Pull, commit: string, signal?: AbortSignal): Promise<string>;
  /** The same for any commit of a repository that is known by its name alone, in a mirror of its own. */
  fetchNamed(repository: string, commit: string, signal?: AbortSignal): Promise<string>;
};

/** What is asked of a repository: a ref, where one is likely to hold the commit, and else the commit itself. */
type Wish = { repository: string; ref: string | null; commit: string };

export type MirrorOptions = {
  /** Where the mirrors live, one `<repositoryId>.git` each. */
  folder: string;
  webUrl: string;
  token: TokenOf;
  git: Git;
  clock: Clock;
  log: Logger;
  /** For one fetch. */
  timeoutMs: number;
};

/**
 * One bare mirror a repository, under its id, so that it outlives a rename. Fetches of one mirror take turns; a commit
 * that is there is not fetched again. Throws SourceError `git-refused`, `git-failed`, `commit-missing`.
 */
export function createMirrors({ folder, webUrl, token, git, clock, log, timeoutMs }: MirrorOptions): Mirrors {
  const takeTurn = createTurns();
  /** Those that are whole: the making of one may have been killed before we came. */
  const whole = new Set<string>();

  async function fetch({ repository, repositoryId, number }: Pull, commit: string, signal?: AbortSignal) {
    mustBeCommit(commit, `${repository}#${number}`);
    return fetchOnce(`${repositoryId}.git`, { repository, ref: `refs/pull/${number}/head`, commit }, signal);
  }

  async function fetchNamed(repository: string, commit: string, signal?: AbortSignal) {
    mustBeCommit(commit, repository);
    // No name of a repository has a plus, and none of our ids.
    return fetchOnce(`${repository.toLowerCase().replace("/", "+")}.git`, { repository, ref: null, commit }, signal);
  }

  async function fetchOnce(name: string, wish: Wish, signal?: AbortSignal): Promise<string> {
    const url = remoteUrl(webUrl, wish.repository);
    const mirror = join(folder, name);
    if (await has(mirror, wish.commit, signal)) return mirror;
    await takeTurn(mirror, signal, async (hasWaited) => {
      if (hasWaited && (await has(mirror, wish.commit, signal))) return;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await fetchInto(mirror, url, wish, signal);
    });
    return mirror;
  }

  async function fetchInto(mirror: string, url: string, wish: Wish, signal?: AbortSignal): Promise<void> {
    const { repository, ref, commit } = wish;
    const startedAt = clock.now();
    const fetchRefs = ["--git-dir", mirror, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", url];
    const get = (refs: string) =>
      withToken(
        { token, repository, isRefused },
        async (given) => void (await git([...fetchRefs, refs], { signal, timeoutMs, token: given })),
      );
    try {
      if (!whole.has(mirror) || !existsSync(join(mirror, "HEAD"))) await make(mirror, signal);
      if (ref !== null)
        await get(`+${ref}:${ref}`).catch((error: unknown) => {
          if (!isMissingRef(error)) throw error;
        });
      // The branch moved on or was forced elsewhere in between: the commit itself.
      if (!(await has(mirror, commit, signal))) await get(commit);
    } catch (error) {
      signal?.throwIfAborted();
      throw explain(error, repository, commit);
    }
    log.debug({ repository, ref, commit, durationMs: clock.now() - startedAt }, "fetched");
  }

  /** Changes nothing where all is there. */
  async function make(mirror: string, signal?: AbortSignal): Promise<void> {
    await git(["init", "--quiet", "--bare", mirror], { signal });
    whole.add(mirror);
  }

  async function has(mirror: string, commit: string, signal?: AbortSignal): Promise<boolean> {
    try {
      await git(["--git-dir", mirror, "cat-file", "-e", `${commit}^{commit}`], { signal });
      return true;
    } catch (error) {
      if (error instanceof GitExit) return false;
      throw error;
    }
  }

  return { fetch, fetchNamed };
}

function mustBeCommit(commit: string, who: string): void {
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return;
  throw new SourceError("commit-missing", `${who} names no commit, but "${commit.slice(0, 80)}"`);
}

function remoteUrl(webUrl: string, repository: string): string {
  const [, owner, name] = /^(\w[\w.-]*)\/([\w.-]+)$/.exec(repository) ?? [];
  if (owner === undefined || name === undefined || name === "." || name === "..") {
    throw new SourceError("git-failed", `"${repository.slice(0, 80)}" is no name of a repository`);
  }
  return `${webUrl}/${owner}/${name}.git`;
}

function isRefused(error: unknown): boolean {
  return error instanceof GitExit && refusal.test(error.said);
}

function isMissingRef(error: unknown): boolean {
  return error instanceof GitExit && error.said.includes("couldn't find remote ref");
}

const refusal = /could not read (Username|Password)|Authentication failed|returned error: 40[13]\b/;

/** git has no codes for what went wrong on the other side, only its own English: the one place that reads it. */
function explain(error: unknown, repository: string, commit: string): MayflyError {
  if (error instanceof MayflyError) return error;
  const said = error instanceof GitExit ? error.said : String(error);
  if (refusal.test(said)) {
    return new SourceError("git-refused", `the git server refused to let us read ${repository}`, { cause: error });
  }
  // GitHub answers 404 for what a token may not see.
  if (/repository '[^']*' not found|returned error: 404\b/.test(said)) {
    return new SourceError("git-refused", `the git server knows no ${repository} that we may read`, { cause: error });
  }
  if (/not our ref|unadvertised object|couldn't find remote ref/.test(said)) {
    return new SourceError("commit-missing", `${commit.slice(0, 7)} is not in ${repository} on the git server`, {
      cause: error,
    });
  }
  const line = said.split("\n").find((each) => /^(fatal|error):/.test(each)) ?? said.split("\n")[0] ?? "";
  return new SourceError("git-failed", `git could not fetch ${repository}: ${line.slice(0, 200)}`, {
    cause: error,
    retry: "backoff",
  });
}
