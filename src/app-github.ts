import type { Logger } from "pino";
import type { GitHubConfig } from "./config/server.ts";
import type { Clock } from "./domain/time.ts";
import { createGitHubClient, type GitHubClient, type GitHubOptions } from "./feedback/github-client.ts";

export type GitHub = Disposable & { client: GitHubClient };

/** GitHub as the server file names it. Disposing it ends what waits for a limit: first of all when we stop. */
export function openGitHub(
  { apiUrl, token, app }: GitHubConfig,
  { clock, log, heard }: { clock: Clock; log: Logger; heard: NonNullable<GitHubOptions["heard"]> },
): GitHub {
  const stopping = new AbortController();
  return {
    client: createGitHubClient({ apiUrl, token, app, clock, log, heard, stopping: stopping.signal }),
    [Symbol.dispose]: () => stopping.abort(),
  };
}
