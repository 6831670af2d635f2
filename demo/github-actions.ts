import type { Hono } from "hono";
import { announcePush } from "./github-push.ts";
import type { FileChanges } from "./github-repository.ts";
import { readAccount, readPull, readRepository, type Env, type World } from "./github-world.ts";
import type { CommentBody, Json, PullBody } from "./github-types.ts";

type Target = { repo: string; number: number };
/** A deed on a pull request; `author` is a login. */
type Deed = Target & { author: string };

type OpenPullRequest = {
  /** `owner/name` of the base repository. */
  repo: string;
  /** A branch that was pushed before. */
  head: string;
  title: string;
  author: string;
  body?: string;
  base?: string;
  draft?: boolean;
  /** The owner of the fork that has the branch. */
  fork?: string;
};

type PushAction = {
  /** Where it goes: a fork has its own name. */
  repo: string;
  branch: string;
  files: FileChanges;
  author: string;
  message?: string;
  /** Replaces the branch's tip. */
  force?: boolean;
};

/** What people do on github.com, by the HTTP API where it has the deed. */
export type Actions = {
  fork(action: { repo: string; owner: string }): Promise<string>;
  deleteRepository(name: string): Promise<void>;
  /** Resolves to the new commit; the branch begins at main when it is new. */
  push(action: PushAction): Promise<string>;
  /** Resolves to the pull request's number. */
  openPullRequest(action: OpenPullRequest): Promise<number>;
  /** Resolves to the comment's id. */
  comment(action: Deed & { body: string }): Promise<number>;
  /** Resolves to the merge commit. */
  merge(action: Deed & { method?: "merge" | "squash" }): Promise<string>;
  close(action: Deed): Promise<void>;
  reopen(action: Deed): Promise<void>;
  edit(action: Deed & { title?: string; body?: string; base?: string }): Promise<void>;
  label(action: Deed & { name: string; remove?: boolean }): Promise<void>;
  setDraft(action: Deed & { draft: boolean }): Promise<void>;
  ping(): void;
};

/** Makes the deeds; `baseRepositories` are those whose pull requests a push may change. */
export function createActions(world: World, api: Hono<Env>, baseRepositories: string[]): Actions {
  /** As the person, past the faults: what people do must not depend on how Mayfly is treated. */
  async function call<T>(author: string, method: string, path: string, body?: Json): Promise<T> {
    const token = world.tokens.entries().find(([, caller]) => caller.login === author)?.[0];
    if (token === undefined) throw new Error(`no user ${author}`);
    const init = {
      method,
      headers: { Authorization: `token ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const response = await api.request(`${world.origin}/api/v3/repos/${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} as ${author}: ${response.status} ${text}`);
    return (text === "" ? null : JSON.parse(text)) as T;
  }

  async function fork({ repo, owner }: { repo: string; owner: string }): Promise<string> {
    const { full_name } = await call<{ full_name: string }>(owner, "POST", `${repo}/forks`, {});
    await world.git.repository(full_name).copyFrom(world.git.repository(repo));
    return full_name;
  }

  const push = (action: PushAction) =>
    world.turn(async () => {
      const { repo: repository, branch, author } = action;
      const before = await world.git.repository(repository).read(`refs/heads/${branch}`);
      const after = await world.git.repository(repository).commit(action);
      await announcePush(
        world,
        { repository, branch, before, after, author, forced: action.force ?? false },
        baseRepositories,
      );
      return after;
    });

  async function openPullRequest(action: OpenPullRequest): Promise<number> {
    const { repo, title, author, body = null, base = "main", draft = false } = action;
    const head = action.fork === undefined ? action.head : `${action.fork}:${action.head}`;
    const { number } = await call<PullBody>(author, "POST", `${repo}/pulls`, { title, body, head, base, draft });
    return number;
  }

  async function setDraft({ repo, number, author, draft }: Deed & { draft: boolean }): Promise<void> {
    // On GitHub by GraphQL alone; emulate keeps the state and says nothing.
    await world.emulate.ask("keeper", "PATCH", `/repos/${repo}/pulls/${number}`, { draft });
    const [pull, sender] = await Promise.all([readPull(world, repo, number), readAccount(world, author)]);
    const action = draft ? "converted_to_draft" : "ready_for_review";
    world.events.emit("pull_request", { action, number, pull_request: pull, repository: pull.base.repo, sender });
  }

  const setState = ({ repo, number, author }: Deed, state: string) =>
    call<void>(author, "PATCH", `${repo}/pulls/${number}`, { state });

  return {
    fork,
    async deleteRepository(name) {
      const repository = await readRepository(world, name);
      await world.emulate.ask("keeper", "DELETE", `/repos/${name}`);
      world.events.emit("repository", { action: "deleted", repository, sender: repository.owner });
    },
    push,
    openPullRequest,
    async comment({ repo, number, author, body }) {
      return (await call<CommentBody>(author, "POST", `${repo}/issues/${number}/comments`, { body })).id;
    },
    async merge({ repo, number, author, method = "merge" }) {
      return (await call<{ sha: string }>(author, "PUT", `${repo}/pulls/${number}/merge`, { merge_method: method }))
        .sha;
    },
    close: (deed) => setState(deed, "closed"),
    reopen: (deed) => setState(deed, "open"),
    edit: ({ repo, number, author, ...changes }) => call(author, "PATCH", `${repo}/pulls/${number}`, changes),
    async label({ repo, number, author, name, remove = false }) {
      const path = `${repo}/issues/${number}/labels`;
      if (remove) await call(author, "DELETE", `${path}/${encodeURIComponent(name)}`);
      else await call(author, "POST", path, { labels: [name] });
    },
    setDraft,
    ping: () =>
      world.events.emit("ping", {
        zen: "Keep it logically awesome.",
        hook_id: world.events.hookId,
        hook: { type: "Repository", id: world.events.hookId, active: true, events: ["*"] },
      }),
  };
}
