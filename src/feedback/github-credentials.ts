import { createAppAuth } from "@octokit/auth-app";
import { RemoteError } from "../domain/errors.ts";
import type { Clock } from "../domain/time.ts";
import { type Bearer, type GitHubApi, ownerAndRepo, type Traffic } from "./github-traffic.ts";

export type CredentialOptions = {
  token: string | null;
  /** Counts instead of the token where there is one. */
  app?: { id: number; privateKey: string } | null;
};

/** The API for calls about one repository. */
export type ApiOf = (repository: string) => GitHubApi;

/** As whom we call GitHub. */
export type Credentials = {
  /** Only a GitHub App may make check runs. */
  kind: "token" | "app";
  of: ApiOf;
  /** The API for calls about ourselves. */
  own: GitHubApi;
  /** Every installation of the App, with the API that sees all of its repositories; null with a token. */
  installations: (() => Promise<{ id: number; api: GitHubApi }[]>) | null;
  /**
   * What git reads a repository with; null reads without. One that git was `refused` with is not given again where
   * another may be had. Throws RemoteError.
   */
  gitToken(repository: string, refused?: string): Promise<string | null>;
};

/** With a token, the same for everything; with an App, a token for one repository and purpose at a time. */
export function createCredentials(traffic: Traffic, options: CredentialOptions & { clock: Clock }): Credentials {
  const { token, app, clock } = options;
  if (app) return appCredentials(traffic, app, clock);
  const own = traffic.as("token", { token: async () => token, refused: () => false });
  return { kind: "token", of: () => own, own, installations: null, gitToken: async () => token };
}

/** The least that each purpose needs, together what an App is made with; `docs/github.md` says why. */
export const permissions = {
  git: { contents: "read" },
  api: {
    metadata: "read",
    contents: "read",
    pull_requests: "write",
    issues: "write",
    deployments: "write",
    checks: "write",
  },
} as const;
type Purpose = keyof typeof permissions;

/** GitHub's "Generating an installation access token": it ends after an hour. One that would end within a fetch is not used. */
const tokenLifeMs = 3_600_000;
const spareMs = 300_000;

function appCredentials(traffic: Traffic, app: { id: number; privateKey: string }, clock: Clock): Credentials {
  // Of an account of their own, since a repository's write waits for the token that is made here.
  const own: GitHubApi = traffic.as("app", {
    token: async () => (await auth({ type: "app" })).token,
    refused: () => false,
  });
  const auth = createAppAuth({ appId: app.id, privateKey: app.privateKey, request: own.request });
  const installations = new Map<string, number>();
  const tokens = new Map<string, { token: string; madeAt: number }>();
  const apis = new Map<string, GitHubApi>();

  async function tokenFor(repository: string, purpose: Purpose): Promise<string> {
    const name = `${purpose} ${repository.toLowerCase()}`;
    const kept = tokens.get(name);
    if (kept && clock.now() < kept.madeAt + tokenLifeMs - spareMs) return kept.token;
    const madeAt = clock.now();
    const made = await make(repository, purpose).catch(async (error: unknown) => {
      // Taken off and installed anew it has another id: what we remember is not asked twice.
      if (!installations.delete(repository) || !isRefused(error)) throw explain(error, repository);
      return make(repository, purpose).catch((last: unknown) => {
        installations.delete(repository);
        throw explain(last, repository);
      });
    });
    tokens.set(name, { token: made.token, madeAt });
    return made.token;
  }

  async function make(repository: string, purpose: Purpose) {
    const installationId = installations.get(repository) ?? (await findInstallation(repository));
    installations.set(repository, installationId);
    const wanted = { type: "installation", installationId, permissions: permissions[purpose], refresh: true } as const;
    const { repo } = ownerAndRepo(repository);
    return auth({ ...wanted, repositoryNames: [repo] }).catch(async (error: unknown) => {
      // GitHub leads from an old name to the new one in every path, but not in here.
      if (!isRefused(error) || error.status !== 422) throw error;
      const api = traffic.as(accountOf(repository), wideBearer(installationId));
      const { data } = await api.request("GET /repos/{owner}/{repo}", ownerAndRepo(repository));
      return auth({ ...wanted, repositoryIds: [Number(data.id)] });
    });
  }

  /** Sees that all the repositories of an installation are there, and nothing in them. */
  function wideBearer(installationId: number): Bearer {
    let refresh = false;
    return {
      async token() {
        const wanted = { installationId, permissions: { metadata: "read" }, refresh } as const;
        const { token } = await auth({ type: "installation", ...wanted });
        refresh = false;
        return token;
      },
      refused: () => (refresh = true),
    };
  }

  async function findInstallation(repository: string): Promise<number> {
    const asked = ownerAndRepo(repository);
    return (await own.request("GET /repos/{owner}/{repo}/installation", asked)).data.id;
  }

  async function listInstallations() {
    const all = await own.paginate("GET /app/installations", { per_page: 100 });
    return all.map(({ id, account }) => {
      const login = account && "login" in account ? account.login : String(id);
      return { id, api: traffic.as(login.toLowerCase(), wideBearer(id)) };
    });
  }

  function forget(refused: string): boolean {
    for (const [name, { token }] of tokens) if (token === refused) tokens.delete(name);
    return true;
  }

  return {
    kind: "app",
    own,
    installations: listInstallations,
    of(repository) {
      const bearer = { token: async () => tokenFor(repository, "api"), refused: forget };
      const api = apis.get(repository) ?? traffic.as(accountOf(repository), bearer);
      apis.set(repository, api);
      return api;
    },
    async gitToken(repository, refused) {
      if (refused !== undefined) forget(refused);
      return tokenFor(repository, "git");
    },
  };
}

/** Whose limits count: an App has an installation for each owner. */
function accountOf(repository: string): string {
  return ownerAndRepo(repository).owner.toLowerCase();
}

function isRefused(error: unknown): error is RemoteError {
  return error instanceof RemoteError && error.code === "forge-refused";
}

/** Why there is no token for a repository. Without a status: a 404 here does not tell of what was asked for. */
function explain(error: unknown, repository: string): unknown {
  if (!isRefused(error)) return error;
  const { status } = error;
  if (status === 404) {
    return new RemoteError("forge-unauthorized", `the GitHub App is not installed on ${repository}`, {
      cause: error,
      hint: "Install it there (the App's page, Install App), or correct the repository's name.",
    });
  }
  return new RemoteError("forge-unauthorized", `the GitHub App gets no token for ${repository}: ${error.message}`, {
    cause: error,
    hint: "On the App's page: is it suspended, and are its newest permissions accepted?",
  });
}
