import type { GitBackend } from "./git-server.ts";
import { wholeSeconds } from "./github-emulate.ts";
import type { CommentBody, Json, PullBody } from "./github-types.ts";

/** What the front knows of a pull request and emulate does not. */
type Known = { head: string; base: string; merge: string | null; at: string };

export type Pulls = {
  has(repository: string, number: number): boolean;
  /** Records that the head branch stands at a new commit: the pull request's ref follows it. */
  follow(pull: PullBody): Promise<{ before: string | null; after: string }>;
  merged(pull: PullBody, merge: string): void;
  /** The repository has another name now. */
  move(from: string, to: string): void;
  /** As GitHub tells it: emulate keeps telling what was at the opening. */
  mend(pull: PullBody): Promise<PullBody>;
  /** The same for a list, whose pull requests lack some fields. */
  mendListed(pull: PullBody): Promise<Json>;
  /** A pull request seen as an issue, as `GET issues/N` and comment events tell it. */
  asIssue(pull: PullBody): Json;
  mendComment(comment: CommentBody): CommentBody;
};

// GitHub leaves these out of lists: code that reads them there works here and fails there.
const onlyOfOne = [
  ..."merged mergeable rebaseable mergeable_state merged_by comments review_comments maintainer_can_modify".split(" "),
  ..."commits additions deletions changed_files".split(" "),
];

/** Keeps pull requests true to what the git server has. */
export function createPulls(git: GitBackend): Pulls {
  const known = new Map<string, Known>();

  async function follow(pull: PullBody): Promise<{ before: string | null; after: string }> {
    const base = git.repository(pull.base.repo.full_name);
    const head = git.repository((pull.head.repo ?? pull.base.repo).full_name);
    const after = await head.read(`refs/heads/${pull.head.ref}`);
    const into = await base.read(`refs/heads/${pull.base.ref}`);
    if (after === null || into === null) throw new Error(`no branch ${pull.head.label} or ${pull.base.label}`);
    const before = known.get(keyOf(pull))?.head ?? null;
    await base.setRef(refOf(pull), after, head);
    known.set(keyOf(pull), { head: after, base: into, merge: null, at: wholeSeconds(new Date().toISOString()) });
    return { before, after };
  }

  async function mend(pull: PullBody): Promise<PullBody> {
    const mended = await mendHead(pull);
    const repository = git.repository(pull.base.repo.full_name);
    const files = await repository.changedFiles(mended.base.sha, mended.head.sha).catch(() => []);
    const commits = await repository.commitsBetween(mended.base.sha, mended.head.sha).catch(() => []);
    return {
      ...mended,
      commits: commits.length,
      changed_files: files.length,
      additions: files.reduce((sum, file) => sum + file.additions, 0),
      deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    };
  }

  async function mendHead(pull: PullBody): Promise<PullBody> {
    const repository = git.repository(pull.base.repo.full_name);
    const seen = known.get(keyOf(pull));
    // A commit that was deleted from the git server is still told by GitHub.
    const head = (await repository.read(refOf(pull))) ?? seen?.head ?? pull.head.sha;
    const base = seen?.base ?? pull.base.sha;
    const statuses = pull.html_url.replace(
      /^(https?:\/\/[^/]+)\/(.+)\/pull\/\d+$/,
      `$1/api/v3/repos/$2/statuses/${head}`,
    );
    return {
      ...pull,
      updated_at: seen !== undefined && seen.at > pull.updated_at ? seen.at : pull.updated_at,
      merge_commit_sha: seen?.merge ?? null,
      head: { ...pull.head, sha: head },
      base: { ...pull.base, sha: base },
      statuses_url: statuses,
      _links: { ...(pull["_links"] as Json), statuses: { href: statuses } },
    };
  }

  return {
    has: (repository, number) => known.has(`${repository}#${number}`),
    follow,
    merged(pull, merge) {
      const seen = known.get(keyOf(pull));
      if (seen !== undefined) known.set(keyOf(pull), { ...seen, merge });
    },
    move(from, to) {
      for (const [key, value] of known)
        if (key.startsWith(`${from}#`)) known.set(key.replace(`${from}#`, `${to}#`), value);
    },
    mend,
    mendListed: async (pull) => omit(await mendHead(pull), onlyOfOne),
    asIssue,
    mendComment(comment) {
      const [, repository = "", number = ""] = /\/repos\/(.+)\/issues\/(\d+)$/.exec(comment.issue_url) ?? [];
      if (!known.has(`${repository}#${number}`)) return comment;
      return { ...comment, html_url: comment.html_url.replace("/issues/", "/pull/") };
    },
  };
}

function omit(object: Json, keys: string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function asIssue(pull: PullBody): Json {
  const api = pull.html_url.replace(/^(https?:\/\/[^/]+)\/(.+)\/pull\/\d+$/, "$1/api/v3/repos/$2");
  const { html_url } = pull;
  return {
    ...Object.fromEntries(
      [
        "id",
        "node_id",
        "number",
        "title",
        "user",
        "labels",
        "state",
        "locked",
        "assignee",
        "assignees",
        "milestone",
        "comments",
        "created_at",
        "updated_at",
        "closed_at",
        "author_association",
        "body",
        "draft",
      ].map((key) => [key, pull[key]]),
    ),
    url: `${api}/issues/${pull.number}`,
    repository_url: api,
    comments_url: `${api}/issues/${pull.number}/comments`,
    html_url,
    pull_request: {
      url: `${api}/pulls/${pull.number}`,
      html_url,
      diff_url: `${html_url}.diff`,
      patch_url: `${html_url}.patch`,
      merged_at: pull.merged_at,
    },
  };
}

const keyOf = (pull: PullBody) => `${pull.base.repo.full_name}#${pull.number}`;
const refOf = (pull: PullBody) => `refs/pull/${pull.number}/head`;
