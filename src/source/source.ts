import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import type { Clock, RandomId } from "../domain/time.ts";
import { type Checkout, layOut, sweepCheckouts } from "./checkout.ts";
import { createGit } from "./git.ts";
import { type GitParts, noGitParts } from "../domain/git-parts.ts";
import { createLfs } from "./lfs.ts";
import { createMirrors, type Pull } from "./mirror.ts";
import { sweepMirrors } from "./mirror-sweep.ts";
import { createPackTaker, type TakePack } from "./pack.ts";
import type { TokenOf } from "./token.ts";

export type SourceOptions = {
  /** The server's state folder. */
  state: string;
  /** git is read from `webUrl/OWNER/REPO.git`. */
  webUrl: string;
  /** What git reads a repository with; another one, where there is any, after one that was `refused`. */
  token: TokenOf;
  randomId: RandomId;
  clock: Clock;
  log: Logger;
  /** What git may take from the server's environment: `PATH`, proxies, certificates. */
  environment?: Record<string, string>;
  /** For one fetch; ten minutes when not given. */
  fetchTimeoutMs?: number;
};

export type Source = {
  /**
   * Fetches (only what is not there yet) and lays out one commit, or as little as these paths of it, with those `parts`
   * of it that are kept elsewhere. Throws SourceError.
   */
  checkout(
    pull: Pull & { parts?: GitParts },
    commit: string,
    signal?: AbortSignal,
    paths?: readonly string[],
  ): Promise<Checkout>;
  /** Takes a commit that somebody sends instead of a git server. */
  takePack: TakePack;
  /** Removes what a killed process left; once at start, by the one that holds the state folder. */
  sweep(): Promise<void>;
};

/** Where the text of a pull request comes from: `<state>/mirrors`, and private trees under `<state>/checkouts`. */
export function createSource(options: SourceOptions): Source {
  const { webUrl, token, randomId, clock, log, environment } = options;
  const state = resolve(options.state);
  const checkouts = join(state, "checkouts");
  const mirrorFolder = join(state, "mirrors");
  mkdirSync(checkouts, { recursive: true, mode: 0o700 });
  const timeoutMs = options.fetchTimeoutMs ?? 600_000;
  const git = createGit({ folder: state, webUrl, ...(environment && { environment }) });
  const mirrors = createMirrors({
    folder: mirrorFolder,
    webUrl,
    token,
    git,
    clock,
    log,
    timeoutMs,
  });
  const layOutObjects = createLfs({ webUrl, token, randomId, clock, timeoutMs });

  return {
    async checkout(pull, commit, signal, paths) {
      const mirror = await mirrors.fetch(pull, commit, signal);
      const { repository, parts = noGitParts } = pull;
      const { fetchNamed } = mirrors;
      const how = { folder: checkouts, git, webUrl, parts, fetchNamed, layOutObjects, randomId, signal, paths };
      return layOut({ repository, mirror, commit }, how);
    },
    takePack: createPackTaker({ folder: mirrorFolder, git, randomId }),
    async sweep() {
      const trees = await sweepCheckouts(checkouts);
      const files = await sweepMirrors(mirrorFolder, clock);
      if (trees + files > 0) log.info({ trees, files }, "removed what a killed process left");
    },
  };
}
