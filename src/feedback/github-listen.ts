import type { Comment, Heard } from "../domain/intent.ts";
import { type ReadAgain, readPages } from "./github-conditional.ts";
import { type GitHubApi, ownerAndRepo } from "./github-traffic.ts";

type Listening = { api: GitHubApi; again: ReadAgain; repository: string; heard: Heard | null };

type Answered = {
  id: number | bigint;
  body?: string | undefined;
  html_url: string;
  updated_at: string;
  user: { login: string; type?: string } | null;
};

/**
 * The comments of a repository that are newer than what was heard. `since` only keeps the list short: an edited old
 * comment is on it again, and is known by its id, which GitHub counts up.
 */
export async function listenTo({
  api,
  again,
  repository,
  heard,
}: Listening): Promise<{ comments: Comment[]; heard: Heard }> {
  const path = "GET /repos/{owner}/{repo}/issues/comments" as const;
  if (heard === null) {
    const newest = { ...ownerAndRepo(repository), sort: "created", direction: "desc", per_page: 1 } as const;
    const [last] = (await api.request(path, newest)).data;
    return { comments: [], heard: { since: last?.updated_at ?? beginning, lastId: Number(last?.id ?? 0) } };
  }
  const asked = { ...ownerAndRepo(repository), sort: "created", direction: "asc", since: heard.since } as const;
  const ask = (page: object) => api.request(path, { ...asked, ...page });
  const listed = await readPages(again, `comments ${repository} ${heard.since}`, ask, (data: Answered[]) =>
    data.map(toHeard),
  );
  return {
    comments: listed.filter(({ comment }) => comment.id > heard.lastId).map(({ comment }) => comment),
    heard: {
      since: listed.reduce((latest, { updatedAt }) => (updatedAt > latest ? updatedAt : latest), heard.since),
      lastId: Math.max(heard.lastId, ...listed.map(({ comment }) => comment.id)),
    },
  };
}

const beginning = "2008-01-01T00:00:00Z";

function toHeard({ id, body, html_url, updated_at, user }: Answered): { comment: Comment; updatedAt: string } {
  // An issue's comments are at /issues/N, a pull request's at /pull/N.
  const number = /\/pull\/(\d+)(?:#|$)/.exec(html_url)?.[1];
  const comment = {
    id: Number(id),
    number: number === undefined ? null : Number(number),
    body: body ?? "",
    author: user?.login ?? null,
    isBot: user?.type === "Bot",
  };
  return { comment, updatedAt: updated_at };
}
