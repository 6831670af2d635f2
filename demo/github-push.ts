import { readAccount, readRepository, type World } from "./github-world.ts";
import type { Json, PullBody } from "./github-types.ts";

/** A branch that moved; `before` is null when it is new. */
export type Push = {
  repository: string;
  branch: string;
  before: string | null;
  after: string;
  forced: boolean;
  author: string;
};

const nothing = "0".repeat(40);

/** What GitHub sends as `push`. */
export async function pushPayload(world: World, push: Push): Promise<Json> {
  const { repository: name, before, after, author } = push;
  const [repository, sender] = await Promise.all([readRepository(world, name), readAccount(world, author)]);
  const commits = before === null ? [] : await world.git.repository(name).commitsBetween(before, after);
  const described = commits.map(({ sha: id, message, date: timestamp }) => ({
    id,
    message,
    timestamp,
    author: { name: author, username: author },
  }));
  return {
    ref: `refs/heads/${push.branch}`,
    before: before ?? nothing,
    after,
    created: before === null,
    deleted: false,
    forced: push.forced,
    base_ref: null,
    compare: `${repository["html_url"] as string}/compare/${(before ?? nothing).slice(0, 12)}...${after.slice(0, 12)}`,
    commits: described,
    head_commit: described.at(-1) ?? null,
    repository,
    pusher: { name: author, email: `${author}@users.noreply.github.com` },
    sender,
  };
}

/** Tells of a push as GitHub does: `push`, and `synchronize` for each open pull request whose head it is. */
export async function announcePush(world: World, push: Push, baseRepositories: string[]): Promise<void> {
  world.events.emit("push", await pushPayload(world, push));
  for (const base of baseRepositories) {
    for (const pull of await openPulls(world, base, push)) {
      const { before, after } = await world.pulls.follow(pull);
      const mended = await world.pulls.mend(pull);
      const sender = await readAccount(world, push.author);
      const payload = {
        action: "synchronize",
        number: pull.number,
        before,
        after,
        pull_request: mended,
        repository: pull.base.repo,
        sender,
      };
      world.events.emit("pull_request", payload);
    }
  }
}

async function openPulls(world: World, base: string, push: Push): Promise<PullBody[]> {
  const { body } = await world.emulate.ask("keeper", "GET", `/repos/${base}/pulls?state=open&per_page=100`);
  return (body as PullBody[]).filter(
    (pull) => pull.head.repo?.full_name === push.repository && pull.head.ref === push.branch,
  );
}
