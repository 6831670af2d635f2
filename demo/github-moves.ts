import type { MiddlewareHandler } from "hono";
import { readAccount, readRepository, type World } from "./github-world.ts";

export type Moves = {
  /** Renames a repository, or gives it to another owner; `to` is its new `owner/name`. */
  move(action: { repo: string; to: string; author: string }): Promise<void>;
  /** Leads from an old name to the new one, as GitHub does until somebody takes the old. */
  middleware: MiddlewareHandler;
};

/** Repositories that are called otherwise now; `names` are those whose pull requests a push may change. */
export function createMoves(world: World, names: string[]): Moves {
  const moved = new Map<string, string>();
  /** A move is one moment for whoever asks: GitHub never answers from the middle of one. */
  let moving: Promise<unknown> = Promise.resolve();

  return {
    async move(action) {
      const done = move(action);
      moving = done.catch(() => {
        // Told to whoever moves it.
      });
      await done;
    },
    async middleware(c, next) {
      await moving;
      const url = new URL(c.req.url);
      const [, repo = "", rest = ""] = /^\/api\/v3\/repos\/([^/]+\/[^/]+)(.*)$/.exec(url.pathname) ?? [];
      const to = moved.get(repo);
      if (to === undefined) return next();
      return c.redirect(`${world.origin}/api/v3/repos/${to}${rest}${url.search}`, c.req.method === "GET" ? 301 : 307);
    },
  };

  async function move({ repo, to, author }: Parameters<Moves["move"]>[0]): Promise<void> {
    const [owner = "", name = ""] = repo.split("/");
    const [newOwner = "", newName = ""] = to.split("/");
    if (newName !== name) await world.emulate.ask("keeper", "PATCH", `/repos/${repo}`, { name: newName });
    if (newOwner !== owner)
      await world.emulate.ask("keeper", "POST", `/repos/${owner}/${newName}/transfer`, { new_owner: newOwner });
    await world.git.move(repo, to);
    world.pulls.move(repo, to);
    names.splice(names.indexOf(repo), 1, to);
    moved.set(repo, to);
    const [repository, sender] = await Promise.all([readRepository(world, to), readAccount(world, author)]);
    const [action, changes] =
      newOwner === owner
        ? ["renamed", { repository: { name: { from: name } } }]
        : ["transferred", { owner: { from: { user: { login: owner } } } }];
    world.events.emit("repository", { action, changes, repository, sender });
  }
}
