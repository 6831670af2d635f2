import { createEmulator } from "emulate";
import type { AppSeed, Caller, Json, OAuthSeed, RepositorySeed } from "./github-types.ts";

export type Answer = { status: number; headers: Headers; body: unknown };

export type EmulateOptions = {
  users: string[];
  repositories: RepositorySeed[];
  app?: AppSeed | undefined;
  oauth?: OAuthSeed | undefined;
  /** Where the front answers. */
  origin: string;
  /** Where emulate reports its events. */
  eventsUrl: string;
};

/** The core of the stand-in: users, repositories, pull requests and comments as a GitHub that we did not write keeps them. */
export type Emulate = AsyncDisposable & {
  /**
   * Calls emulate's API; links, times and bots in the answer are told as GitHub tells them. The `keeper` is whoever may
   * do everything in the repository that the path names.
   */
  ask(as: Caller | "keeper", method: string, path: string, body?: unknown): Promise<Answer>;
  /** Passes a page's request on as it is; redirects are answered, not followed. */
  pass(path: string, init: RequestInit): Promise<Response>;
  /** The same mending for what emulate sends by itself. */
  mend(text: string): unknown;
};

/** emulate counts 5,000 calls an hour and token, which a polling scenario reaches: every person has several. */
const tokensEach = 20;

const permissions = {
  metadata: "read",
  contents: "read",
  issues: "write",
  pull_requests: "write",
  deployments: "write",
  statuses: "write",
  checks: "write",
};

/** Starts emulate in this process and puts people, repositories and the front's own hook into it. */
export async function startEmulate(options: EmulateOptions): Promise<Emulate> {
  const { users, repositories, app, oauth, origin, eventsUrl } = options;
  const organizations = [...new Set(repositories.map(ownerOf))].filter((owner) => !users.includes(owner));
  const people = ["admin", ...users];
  const emulator = await createEmulator({
    service: "github",
    port: 0,
    hostname: "127.0.0.1",
    seed: {
      tokens: Object.fromEntries(people.flatMap((login) => tokensOf(login).map((token) => [token, { login }]))),
      github: {
        users: users.map((login) => ({ login, name: login, email: `${login}@users.noreply.github.com` })),
        orgs: organizations.map((login) => ({ login, members: [{ login: "admin", role: "admin" }] })),
        repos: repositories.map((seed) => ({
          owner: ownerOf(seed),
          name: nameOf(seed),
          private: seed.private ?? false,
        })),
        oauth_apps: oauth === undefined ? [] : [oauthSeed(oauth)],
        apps: app === undefined ? [] : [appSeed(app, [...new Set(repositories.map(ownerOf))])],
      },
    },
  });
  // It says localhost and listens on 127.0.0.1 only.
  const local = emulator.url.replace("localhost", "127.0.0.1");
  const outward = createOutward([emulator.url, local], origin);
  let turn = 0;

  const mend = (text: string): unknown =>
    text === "" ? null : JSON.parse(text, (key, value) => mendValue(key, value, outward));

  function authorize(as: Caller | "keeper", path: string): string | null {
    const owner = path.split("/")[2] ?? "";
    if (as === "keeper") return `token ${tokenFor(people.includes(owner) ? owner : "admin", turn++)}`;
    return as.kind === "user" ? `token ${tokenFor(as.login, turn++)}` : as.authorization;
  }

  async function ask(as: Caller | "keeper", method: string, path: string, body?: unknown): Promise<Answer> {
    const authorization = authorize(as, path);
    const response = await fetch(`${local}${path}`, {
      method,
      headers: {
        "Content-Type": "application/json",
        ...(authorization === null ? {} : { Authorization: authorization }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const link = response.headers.get("link");
    const headers = new Headers(link === null ? {} : { link: outward(link) });
    return { status: response.status, headers, body: mend(await response.text()) };
  }

  const pass = (path: string, init: RequestInit) => fetch(`${local}${path}`, { ...init, redirect: "manual" });
  const emulate = { ask, pass, mend, [Symbol.asyncDispose]: () => emulator.close() };
  for (const seed of repositories) await settle(emulate, seed, eventsUrl);
  return emulate;
}

/** Collaborators and the hook that tells the front of every event. */
async function settle(emulate: Emulate, seed: RepositorySeed, eventsUrl: string): Promise<void> {
  const path = `/repos/${seed.name}`;
  for (const [login, permission] of Object.entries(seed.collaborators ?? {})) {
    await expectOk(emulate.ask("keeper", "PUT", `${path}/collaborators/${login}`, { permission }));
  }
  const config = { url: eventsUrl, content_type: "json" };
  await expectOk(emulate.ask("keeper", "POST", `${path}/hooks`, { config, events: ["*"] }));
}

async function expectOk(answer: Promise<Answer>): Promise<void> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`emulate answered ${status}: ${JSON.stringify(body)}`);
}

function oauthSeed({ clientId, clientSecret, callbackUrl }: OAuthSeed): Json {
  return { client_id: clientId, client_secret: clientSecret, name: "Mayfly", redirect_uris: [callbackUrl] };
}

function appSeed(app: AppSeed, owners: string[]): Json {
  const installations = owners.map((account, index) => ({
    installation_id: 1000 + index,
    account,
    repository_selection: "all",
  }));
  return {
    app_id: app.id,
    slug: app.slug,
    name: app.slug,
    private_key: app.privateKey,
    permissions,
    events: ["*"],
    installations,
  };
}

/** Rewrites emulate's own addresses to the front's: the API under /api/v3, as on GitHub Enterprise Server. */
function createOutward(hosts: string[], origin: string): (text: string) => string {
  const names = hosts.map((host) => host.replace("http://", "")).join("|");
  const urls = new RegExp(
    `http://(?:${names})(?=(/(?:repos|users|orgs|user|teams|app|installation|organizations)\\b)?)`,
    "g",
  );
  const bare = new RegExp(names, "g");
  return (text) =>
    text
      .replace(urls, (_, api?: string) => origin + (api === undefined ? "" : "/api/v3"))
      .replace(bare, new URL(origin).host);
}

function mendValue(key: string, value: unknown, outward: (text: string) => string): unknown {
  if (typeof value === "string") return key.endsWith("_at") || key === "date" ? wholeSeconds(value) : outward(value);
  const account = value as { login?: unknown; type?: unknown } | null;
  if (typeof account?.login === "string" && account.type === "User" && account.login.endsWith("[bot]"))
    account.type = "Bot";
  return value;
}

/** GitHub tells no milliseconds. */
export function wholeSeconds(time: string): string {
  return time.replace(/\.\d{3}Z$/, "Z");
}

const tokensOf = (login: string) => Array.from({ length: tokensEach }, (_, index) => tokenFor(login, index));
const tokenFor = (login: string, index: number) => `emulate-${login}-${index % tokensEach}`;
const ownerOf = (seed: RepositorySeed) => seed.name.split("/")[0] ?? "";
const nameOf = (seed: RepositorySeed) => seed.name.split("/")[1] ?? "";
