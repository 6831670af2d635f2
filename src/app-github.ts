import type { Logger } from "pino";
import { type GitHubConfig, isOurs, type ServerConfig } from "./config/server.ts";
import { RemoteError } from "./domain/errors.ts";
import { isLocal } from "./domain/local.ts";
import type { Repository } from "./domain/preview.ts";
import type { Clock } from "./domain/time.ts";
import { createGitHubClient, type GitHubClient, type GitHubOptions } from "./feedback/github-client.ts";
import type { Store } from "./store/store.ts";

export type GitHub = Disposable & {
  client: GitHubClient;
  /** False while one account that we call for has nearly used up its hour. */
  maySpend(): boolean;
};

/** What polling leaves of an hour's calls for everything else. */
const reserve = 0.05;

/** GitHub as the server file names it. Disposing it ends what waits for a limit: first of all when we stop. */
export function openGitHub(
  { apiUrl, token, app }: GitHubConfig,
  { clock, log, heard }: { clock: Clock; log: Logger; heard: NonNullable<GitHubOptions["heard"]> },
): GitHub {
  const stopping = new AbortController();
  const client = createGitHubClient({ apiUrl, token, app, clock, log, heard, stopping: stopping.signal });
  return {
    client,
    maySpend: () =>
      client.limits().every(({ remaining, limit, resetAt }) => {
        if (remaining === null || limit === null || (resetAt ?? 0) <= clock.now()) return true;
        return remaining > limit * reserve;
      }),
    [Symbol.dispose]: () => stopping.abort(),
  };
}

/**
 * Every repository to compare with GitHub: those we heard of, those that the server file names, and those that are there
 * where it names an owner's (`owner/*`), or none at all and we are an App.
 */
export function repositoriesOf(
  config: ServerConfig,
  { store, client, log }: { store: Store; client: GitHubClient; log: Logger },
): () => Promise<{ name: string; id: number | null }[]> {
  const written = config.repositories === null ? [] : Object.keys(config.repositories);
  const named = written.filter((name) => !name.endsWith("/*"));
  const discovers = config.repositories === null ? config.github.app !== null : named.length < written.length;

  async function discover(): Promise<Repository[]> {
    const found = await client.listRepositories().catch((error: unknown): Repository[] => {
      if (!(error instanceof RemoteError)) throw error;
      log.warn({ code: error.code, hint: error.hint, err: error }, "repositories cannot be listed");
      return [];
    });
    return found.filter(({ name }) => isOurs(config, name));
  }

  return async () => {
    const known = store.repositories.list().filter(({ id }) => !isLocal(id));
    const found = discovers ? await discover() : [];
    const unseen = found.filter(({ id }) => !known.some((each) => each.id === id));
    // Before a pull request is met there, since what is said on it is heard by the repository's row.
    for (const repository of unseen) store.repositories.ensure(repository);
    const names = new Set([...known, ...unseen].map(({ name }) => name.toLowerCase()));
    return [...known, ...unseen, ...named.filter((name) => !names.has(name)).map((name) => ({ name, id: null }))];
  };
}
