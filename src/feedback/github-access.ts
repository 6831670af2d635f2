import { RemoteError } from "../domain/errors.ts";
import type { Credentials } from "./github-credentials.ts";
import { ownerAndRepo } from "./github-traffic.ts";

/** What GitHub says of our token or App. */
export type Told = {
  as:
    | { kind: "token"; login: string; /** Null for a fine-grained one, which does not tell. */ scopes: string[] | null }
    | { kind: "app"; slug: string; permissions: Record<string, string>; events: string[] };
  /** Of the repositories asked for, those that we may not read. */
  refused: string[];
  /** Epoch milliseconds by GitHub's clock; null when it did not say. */
  now: number | null;
};

export type Access = {
  /** Looks what we may do, in all and for these repositories. Throws RemoteError. */
  access(repositories: readonly string[]): Promise<Told>;
};

/** Who we are to GitHub, for `mayfly doctor`. */
export function createAccess({ kind, own, of }: Credentials): Access {
  async function mayRead(repository: string): Promise<boolean> {
    try {
      await of(repository).request("GET /repos/{owner}/{repo}", ownerAndRepo(repository));
      return true;
    } catch (error) {
      if (error instanceof RemoteError && error.code !== "forge-unreachable" && error.code !== "forge-limited")
        return false;
      throw error;
    }
  }

  return {
    async access(repositories) {
      const { as, date } = kind === "app" ? await askForApp(own) : await askForUser(own);
      const readable = await Promise.all(repositories.map(mayRead));
      // oxlint-disable-next-line no-restricted-globals -- reads a timestamp, not the time
      const now = date === undefined ? null : Date.parse(date);
      return { as, refused: repositories.filter((_, index) => !readable[index]), now };
    },
  };
}

type Asked = { as: Told["as"]; date: string | undefined };

async function askForApp(own: Credentials["own"]): Promise<Asked> {
  const { data, headers } = await own.request("GET /app");
  const permissions = (data?.permissions ?? {}) as Record<string, string>;
  return { as: { kind: "app", slug: data?.slug ?? "", permissions, events: data?.events ?? [] }, date: headers.date };
}

async function askForUser(own: Credentials["own"]): Promise<Asked> {
  const { data, headers } = await own.request("GET /user");
  // GitHub's "Scopes for OAuth apps": told of classic tokens only.
  const scopes = headers["x-oauth-scopes"];
  const listed =
    scopes === undefined
      ? null
      : scopes
          .split(",")
          .map((scope) => scope.trim())
          .filter(Boolean);
  return { as: { kind: "token", login: data.login, scopes: listed }, date: headers.date };
}
