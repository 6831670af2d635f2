import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { createActions, type Actions } from "./github-actions.ts";
import { createApi } from "./github-api.ts";
import { createInstallations, type Installations } from "./github-app-routes.ts";
import { createChecks, type Checks } from "./github-checks.ts";
import { createDeployments, type Deployments } from "./github-deployments.ts";
import { startEmulate } from "./github-emulate.ts";
import { createEvents, type Events } from "./github-events.ts";
import { createFaults, type Faults } from "./github-faults.ts";
import { createIntake, createTurn } from "./github-intake.ts";
import { listen, type Handler } from "./github-listener.ts";
import { createMoves, type Moves } from "./github-moves.ts";
import { createManifests } from "./github-manifests.ts";
import { pageRoutes } from "./github-page.ts";
import { createPulls } from "./github-pulls.ts";
import { createReactions, type Reactions } from "./github-reactions.ts";
import type { Repository } from "./github-repository.ts";
import { signInRoutes } from "./github-sign-in.ts";
import { createStatuses, latest, type Statuses } from "./github-statuses.ts";
import type { AppSeed, Caller, CommentBody, OAuthSeed, PullBody, RepositorySeed, Webhook } from "./github-types.ts";
import { readPull, type World } from "./github-world.ts";
import { createGitBackend } from "./git-server.ts";

export type GitHubOptions = {
  /** 0 takes a free one. */
  port?: number;
  /** Logins of people; those that end in `[bot]` are bots. */
  users: string[];
  repositories: RepositorySeed[];
  /** May come later, by `pointWebhookAt`. */
  webhook?: Webhook;
  /** What Mayfly signs in with; it is its bot's, who may write everywhere. */
  token: string;
  /** The bot's login; `mayfly-bot` without it. */
  bot?: string;
  app?: AppSeed;
  /** With whom people may sign in. */
  oauth?: OAuthSeed;
};

/** What tests look at, and how events travel. */
type Readers = {
  pull(repo: string, number: number): Promise<PullBody>;
  /** The first hundred, oldest first. */
  comments(repo: string, number: number): Promise<Comment[]>;
  reactions(commentId: number): { content: string; user: string }[];
  /** Newest first, and so are the statuses of each. */
  deployments: Deployments["of"];
  /** Newest first. */
  statuses: Statuses["of"];
  /** Newest first. */
  checks: Checks["of"];
  /** Newest first. */
  deliveries: Events["deliveries"];
  /** Resolves when no webhook is on its way. */
  settled: Events["settled"];
  /** Sends any event. */
  emit: Events["emit"];
  redeliver: Events["redeliver"];
  pointWebhookAt: Events["pointAt"];
  dropWebhooks: Events["drop"];
  duplicateWebhooks(on?: boolean): void;
};

type Comment = { id: number; author: string; body: string; createdAt: string; updatedAt: string };

export type GitHub = AsyncDisposable &
  Actions &
  Readers &
  Pick<Faults, "slow" | "rateLimited" | "calls"> & {
    /** Pages and git are here: `github.web_url`. */
    url: string;
    /** `github.api_url`; below /api/v3, as on GitHub Enterprise Server. */
    apiUrl: string;
    port: number;
    moveRepository: Moves["move"];
    app: Pick<Installations, "revokeTokens" | "uninstall" | "granted">;
    git: {
      repository: (name: string) => Repository;
      /** Cuts every git request while GitHub itself answers. */
      down(on: boolean): void;
    };
    /** Refuses connections (pages and git too), or answers 503 to API calls. */
    down(how: boolean | "unavailable"): Promise<void>;
    /** Also by `await using`; `close` is what people do to pull requests. */
    stop(): Promise<void>;
  };

/** A GitHub for tests and the demo: emulate, mended where it differs, with a git server, pages and faults, on one port. */
export async function createGitHub(options: GitHubOptions): Promise<GitHub> {
  await using closing = new AsyncDisposableStack();
  let serve: Handler = (_, response) => void response.writeHead(503).end();
  const listener = closing.use(await listen((request, response) => serve(request, response), options.port));
  const world = await startWorld(options, listener.url, closing);
  const extras = createExtras(world, options.app);
  const installations = createInstallations(world);
  const names = options.repositories.map(({ name }) => name);
  const manifests = createManifests(listener.url);
  const api = createApi({ world, ...extras, installations, manifests, app: options.app, repositories: names });
  const moves = createMoves(world, names);
  const faults = createFaults(world.tokens);

  const front = new Hono();
  front.use("/api/v3/*", faults.middleware, moves.middleware);
  front.route("/", api);
  front.route("/", manifests.pages);
  front.route("/", signInRoutes(world));
  front.route("/", pageRoutes({ world, ...extras, repositories: names }));
  const web = getRequestListener(front.fetch);
  let gitIsDown = false;
  serve = (request, response) => {
    if (!world.git.owns(new URL(request.url ?? "/", "http://github").pathname)) void web(request, response);
    else if (gitIsDown) request.socket.destroy();
    else world.git.handle(request, response);
  };

  const opened = closing.move();
  async function stop(): Promise<void> {
    await listener.close();
    await opened.disposeAsync();
  }
  return {
    ...createActions(world, api, names),
    ...createReaders(world, extras),
    url: listener.url,
    apiUrl: `${listener.url}/api/v3`,
    port: listener.port,
    git: { repository: world.git.repository, down: (on) => void (gitIsDown = on) },
    app: installations,
    moveRepository: moves.move,
    calls: faults.calls,
    slow: faults.slow,
    rateLimited: faults.rateLimited,
    async down(how) {
      faults.unavailable(how === "unavailable");
      await (how === true ? listener.down() : listener.up());
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Everything behind the front: emulate with its people, the git server with their code, and the way of the events. */
async function startWorld(options: GitHubOptions, origin: string, closing: AsyncDisposableStack): Promise<World> {
  const { app, oauth, bot = "mayfly-bot" } = options;
  const root = await mkdtemp(join(tmpdir(), "mayfly-github-"));
  closing.defer(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));
  const git = createGitBackend({ root, mayRead });
  for (const { name, files } of options.repositories) await git.repository(name).create(files);

  const intake = closing.use(await createIntake());
  const users = [...options.users, bot];
  const repositories = options.repositories.map((seed) => ({
    ...seed,
    collaborators: { [bot]: "push" as const, ...seed.collaborators },
  }));
  const emulate = closing.use(await startEmulate({ users, repositories, app, oauth, origin, eventsUrl: intake.url }));
  const events = closing.use(createEvents(options.webhook ?? null, app));
  const tokens = new Map<string, Caller>([[options.token, person(bot)]]);
  for (const login of options.users) tokens.set(`token-of-${login}`, person(login));
  const world = { emulate, git, events, pulls: createPulls(git), turn: createTurn(), tokens, origin };
  intake.start(world);

  /** As on GitHub: everybody reads what is public, unless they show a token that does not work. */
  function mayRead(repository: string, shown: string | null): boolean {
    if (shown !== null) return tokens.has(shown);
    return options.repositories.every(({ name, private: hidden = false }) => name !== repository || !hidden);
  }

  return world;
}

type Extras = { reactions: Reactions; checks: Checks; deployments: Deployments; statuses: Statuses };

function createExtras(world: World, app: AppSeed | undefined): Extras {
  const statuses = createStatuses(world);
  const isFailing = (repo: string, sha: string) =>
    latest(statuses.of(repo, sha)).some(({ state }) => state !== "success");
  const checks = createChecks(world, app);
  return { reactions: createReactions(world), checks, statuses, deployments: createDeployments(world, isFailing) };
}

function createReaders(world: World, { reactions, checks, deployments, statuses }: Extras): Readers {
  const { emulate, events } = world;
  return {
    pull: (repo, number) => readPull(world, repo, number),
    async comments(repo, number) {
      const { body } = await emulate.ask("keeper", "GET", `/repos/${repo}/issues/${number}/comments?per_page=100`);
      return (body as CommentBody[]).map(({ id, user, body, created_at: createdAt, updated_at: updatedAt }) => {
        return { id, author: user.login, body, createdAt, updatedAt };
      });
    },
    reactions: (commentId) => reactions.of(commentId).map(({ content, user }) => ({ content, user: user.login })),
    deployments: deployments.of,
    statuses: statuses.of,
    checks: checks.of,
    deliveries: events.deliveries,
    settled: events.settled,
    emit: events.emit,
    redeliver: events.redeliver,
    pointWebhookAt: events.pointAt,
    dropWebhooks: events.drop,
    duplicateWebhooks: (on = true) => events.duplicate(on),
  };
}

function person(login: string): Caller {
  return { login, kind: "user", authorization: null };
}
