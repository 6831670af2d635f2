import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { createActions, type Actions } from "./github-actions.ts";
import { createApi } from "./github-api.ts";
import { createDeployments, type Deployment, type DeploymentStatus } from "./github-deployments.ts";
import { startEmulate } from "./github-emulate.ts";
import { createEvents, type Delivery, type Events } from "./github-events.ts";
import { createFaults, type Faults } from "./github-faults.ts";
import { createIntake, createTurn } from "./github-intake.ts";
import { listen, type Handler } from "./github-listener.ts";
import { pageRoutes } from "./github-page.ts";
import { createPulls } from "./github-pulls.ts";
import { createReactions } from "./github-reactions.ts";
import type { Repository } from "./github-repository.ts";
import { createStatuses, latest, type CommitStatus } from "./github-statuses.ts";
import type { AppSeed, Caller, CommentBody, PullBody, RepositorySeed, Webhook } from "./github-types.ts";
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
};

export type GitHub = AsyncDisposable &
  Actions &
  Pick<Faults, "slow" | "rateLimited" | "calls"> & {
    /** Pages and git are here: `github.web_url`. */
    url: string;
    /** `github.api_url`; below /api/v3, as on GitHub Enterprise Server. */
    apiUrl: string;
    port: number;
    git: {
      repository: (name: string) => Repository;
      /** Cuts every git request while GitHub itself answers. */
      down(on: boolean): void;
    };
    pointWebhookAt(webhook: Webhook | null): void;
    pull(repo: string, number: number): Promise<PullBody>;
    /** Oldest first. */
    comments(
      repo: string,
      number: number,
    ): Promise<{ id: number; author: string; body: string; createdAt: string; updatedAt: string }[]>;
    reactions(commentId: number): { content: string; user: string }[];
    /** Newest first, and so are the statuses of each. */
    deployments(repo: string): { deployment: Deployment; statuses: DeploymentStatus[] }[];
    /** Newest first. */
    statuses(repo: string, sha: string): CommitStatus[];
    /** Newest first. */
    deliveries(): Delivery[];
    /** Resolves when no webhook is on its way. */
    settled(): Promise<void>;
    /** Sends any event. */
    emit: Events["emit"];
    redeliver: Events["redeliver"];
    /** Refuses connections (pages and git too), or answers 503 to API calls. */
    down(how: boolean | "unavailable"): Promise<void>;
    dropWebhooks(count: number): void;
    duplicateWebhooks(on?: boolean): void;
    /** Also by `await using`; `close` is what people do to pull requests. */
    stop(): Promise<void>;
  };

/** A GitHub for tests and the demo: emulate, mended where it differs, with a git server, pages and faults, on one port. */
export async function createGitHub(options: GitHubOptions): Promise<GitHub> {
  const { token, app, bot = "mayfly-bot" } = options;
  const repositories = options.repositories.map((seed) => ({
    ...seed,
    collaborators: { [bot]: "push" as const, ...seed.collaborators },
  }));
  const names = repositories.map(({ name }) => name);
  await using closing = new AsyncDisposableStack();
  let serve: Handler = (_, response) => void response.writeHead(503).end();
  const listener = closing.use(await listen((request, response) => serve(request, response), options.port));
  const origin = listener.url;

  const root = await mkdtemp(join(tmpdir(), "mayfly-github-"));
  closing.defer(() => rm(root, { recursive: true, force: true }));
  const tokens = new Map<string, Caller>([[token, person(bot)]]);
  for (const login of options.users) tokens.set(`token-of-${login}`, person(login));

  const intake = await createIntake();
  closing.use(intake.listener);
  const emulate = closing.use(
    await startEmulate({
      users: [...options.users, bot],
      repositories,
      app,
      origin,
      eventsUrl: intake.listener.url,
    }),
  );
  const events = closing.use(createEvents(options.webhook ?? null, app));
  const git = createGitBackend({ root, mayRead });
  for (const { name, files } of repositories) await git.repository(name).create(files);

  const world: World = {
    emulate,
    git,
    events,
    pulls: createPulls(git),
    turn: createTurn(),
    tokens,
    origin,
  };
  intake.start(world);
  const reactions = createReactions(world);
  const statuses = createStatuses(world);
  const deployments = createDeployments(world, (repo, sha) =>
    latest(statuses.of(repo, sha)).some(({ state }) => state !== "success"),
  );
  const api = createApi({ world, reactions, deployments, statuses, app, repositories: names });
  const faults = createFaults(tokens);
  const front = new Hono();
  front.use("/api/v3/*", faults.middleware);
  front.route("/", api);
  front.route("/", pageRoutes({ world, repositories: names, reactions, deployments, statuses }));

  let gitIsDown = false;
  const web = getRequestListener(front.fetch);
  serve = (request, response) => {
    if (!git.owns(new URL(request.url ?? "/", "http://github").pathname)) void web(request, response);
    else if (gitIsDown) request.socket.destroy();
    else git.handle(request, response);
  };

  /** As on GitHub: everybody reads what is public, unless they show a token that does not work. */
  function mayRead(repository: string, shown: string | null): boolean {
    if (shown !== null) return tokens.has(shown);
    return repositories.every(({ name, private: hidden = false }) => name !== repository || !hidden);
  }

  async function down(how: boolean | "unavailable"): Promise<void> {
    faults.unavailable(how === "unavailable");
    await (how === true ? listener.down() : listener.up());
  }

  async function comments(repo: string, number: number): ReturnType<GitHub["comments"]> {
    const { body } = await emulate.ask("keeper", "GET", `/repos/${repo}/issues/${number}/comments?per_page=100`);
    return (body as CommentBody[]).map(({ id, user, body, created_at, updated_at }) => ({
      id,
      author: user.login,
      body,
      createdAt: created_at,
      updatedAt: updated_at,
    }));
  }

  const opened = closing.move();
  async function stop(): Promise<void> {
    await listener.close();
    await opened.disposeAsync();
  }
  return {
    ...createActions(world, api, names),
    url: origin,
    apiUrl: `${origin}/api/v3`,
    port: listener.port,
    git: { repository: git.repository, down: (on) => void (gitIsDown = on) },
    pointWebhookAt: events.pointAt,
    pull: (repo, number) => readPull(world, repo, number),
    comments,
    reactions: (commentId) => reactions.of(commentId).map(({ content, user }) => ({ content, user: user.login })),
    deployments: deployments.of,
    statuses: statuses.of,
    deliveries: events.deliveries,
    settled: events.settled,
    emit: events.emit,
    redeliver: events.redeliver,
    calls: faults.calls,
    slow: faults.slow,
    rateLimited: faults.rateLimited,
    down,
    dropWebhooks: events.drop,
    duplicateWebhooks: (on = true) => events.duplicate(on),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function person(login: string): Caller {
  return { login, kind: "user", authorization: null };
}
