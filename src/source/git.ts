import { SourceError } from "../domain/errors.ts";
import { createGitThread } from "./git-thread.ts";
import { basicAuthorization } from "./token.ts";

export type GitRun = {
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  /** git is ended when it answers more than this. */
  mostBytes?: number;
  /** Sent as Basic auth to the git server's origin; null sends nothing. */
  token?: string | null;
  /** Added to the environment of this call, as `GIT_INDEX_FILE`. */
  variables?: Record<string, string>;
};

/** Runs git once and answers its standard output, trimmed. Throws GitExit, SourceError `git-failed`, or the signal's reason. */
export type Git = (args: string[], run?: GitRun) => Promise<string>;

/** git ended with an error; `said` is what it wrote, without our secrets. */
export class GitExit extends Error {
  readonly said: string;
  constructor(said: string) {
    super(`git: ${said}`);
    this.said = said;
  }
}

const plainPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * A repository is hostile, and so may be the machine's own git configuration: nothing but this table counts. It goes
 * through the environment, as the token does, so that neither shows in the process list.
 */
const safeConfig: Record<string, string> = {
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.symlinks": "false",
  "core.protectHFS": "true",
  "core.protectNTFS": "true",
  "credential.helper": "",
  "submodule.recurse": "false",
  "fetch.recurseSubmodules": "no",
  "fetch.writeCommitGraph": "false",
  "protocol.allow": "never",
  "protocol.http.allow": "always",
  "protocol.https.allow": "always",
  "http.followRedirects": "false",
  // A server that says nothing for a minute is given up.
  "http.lowSpeedLimit": "1",
  "http.lowSpeedTime": "60",
  "transfer.fsckObjects": "true",
  // Harmless slips of old tools, in the history of many repositories that GitHub serves.
  "fetch.fsck.zeroPaddedFilemode": "ignore",
  "fetch.fsck.badTimezone": "ignore",
  "fetch.fsck.missingSpaceBeforeDate": "ignore",
  "gc.auto": "0",
  "maintenance.auto": "false",
};

/**
 * git as this room uses it: with no configuration but ours. `folder` is any existing folder. `environment` may add
 * what reaches the network (`PATH`, `HTTPS_PROXY`, `GIT_SSL_CAINFO`).
 */
export function createGit(options: { folder: string; webUrl: string; environment?: Record<string, string> }): Git {
  const { origin } = new URL(options.webUrl);
  const runProgram = createGitThread();

  return async (args, { signal, timeoutMs = 60_000, mostBytes = Infinity, token = null, variables = {} } = {}) => {
    signal?.throwIfAborted();
    const header =
      token === null ? {} : { [`http.${origin}/.extraHeader`]: `Authorization: ${basicAuthorization(token)}` };
    const environment = {
      PATH: plainPath,
      ...options.environment,
      ...plainEnvironment,
      ...configVariables({ ...safeConfig, ...header }),
      ...variables,
    };
    const deadline = AbortSignal.timeout(timeoutMs);
    const { exitCode, output, said, isTooLong } = await runProgram(
      { args, folder: options.folder, environment, mostBytes },
      signal ? AbortSignal.any([signal, deadline]) : deadline,
    ).catch(cannotStart);
    signal?.throwIfAborted();
    if (deadline.aborted)
      throw new SourceError("git-failed", `git did not finish in ${timeoutMs / 1000} s`, { retry: "backoff" });
    if (isTooLong) throw new GitExit(`its answer is longer than ${mostBytes / 1024 ** 2} MiB`);
    if (exitCode !== 0) throw new GitExit(said.trim());
    return output.trimEnd();
  };
}

function cannotStart(cause: unknown): never {
  throw new SourceError("git-failed", "git could not be started", {
    cause,
    hint: "Install git 2.30 or newer on Mayfly's host.",
  });
}

/** No system or personal configuration, attributes or credentials; answers in English, never a question. */
const plainEnvironment = {
  HOME: "/nonexistent",
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_LFS_SKIP_SMUDGE: "1",
};

function configVariables(config: Record<string, string>): Record<string, string> {
  const pairs = Object.entries(config);
  const variables = pairs.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(pairs.length), ...Object.fromEntries(variables) };
}
