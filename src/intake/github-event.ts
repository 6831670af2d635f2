import { z } from "zod";
import type { Ignored, Intent } from "../domain/intent.ts";
import { readSaid } from "./said.ts";

const Account = z.object({ login: z.string(), type: z.string().optional() });
const Repository = z.object({ id: z.number().int(), full_name: z.string(), private: z.boolean() });

const PullRequestEvent = z.object({
  action: z.string(),
  repository: Repository,
  pull_request: z.object({
    number: z.number().int(),
    title: z.string(),
    state: z.enum(["open", "closed"]),
    merged: z.boolean().nullish(),
    draft: z.boolean().nullish(),
    user: Account.nullable(),
    head: z.object({
      sha: z.string().regex(/^[0-9a-f]{40,64}$/),
      ref: z.string(),
      repo: z.object({ id: z.number().int() }).nullable(),
    }),
    base: z.object({ ref: z.string() }),
    labels: z.array(z.object({ name: z.string() })).default([]),
  }),
});
type PullRequestEvent = z.infer<typeof PullRequestEvent>;

const CommentEvent = z.object({
  action: z.string(),
  repository: Repository,
  issue: z.object({ number: z.number().int(), pull_request: z.unknown().optional() }),
  comment: z.object({ id: z.number().int(), body: z.string(), user: Account.nullable() }),
});
type CommentEvent = z.infer<typeof CommentEvent>;

const RepositoryEvent = z.object({ action: z.string(), repository: Repository });
type RepositoryEvent = z.infer<typeof RepositoryEvent>;

const repositoryActions = new Set(["renamed", "transferred", "privatized", "publicized", "archived", "unarchived"]);

const pullActions = new Set([
  "opened",
  "reopened",
  "synchronize",
  "closed",
  "edited",
  "labeled",
  "unlabeled",
  "converted_to_draft",
  "ready_for_review",
]);

/**
 * What a GitHub event may mean. Fields as in GitHub's "Webhook events and payloads"; only those we use are looked at.
 * Throws a ZodError when one of them is missing or of another form.
 */
export function readGitHubEvent(event: string, payload: unknown): Intent | Ignored {
  switch (event) {
    case "pull_request":
      return readPullRequest(PullRequestEvent.parse(payload));
    case "issue_comment":
      return readComment(CommentEvent.parse(payload));
    case "repository":
      return readRepository(RepositoryEvent.parse(payload));
    case "installation":
    case "installation_repositories":
      return { kind: "resync", reason: `${event} changed` };
    case "ping":
      return { kind: "ignored", reason: "ping: the webhook works" };
    default:
      return { kind: "ignored", reason: `${event} events are not used` };
  }
}

function readPullRequest({ action, repository, pull_request: pull }: PullRequestEvent): Intent | Ignored {
  if (!pullActions.has(action)) return { kind: "ignored", reason: `pull_request ${action} changes nothing here` };
  return {
    kind: "pull",
    action,
    pull: {
      repositoryId: repository.id,
      repository: repository.full_name,
      private: repository.private,
      number: pull.number,
      title: pull.title,
      author: pull.user?.login ?? "ghost",
      open: pull.state === "open",
      merged: pull.merged ?? false,
      draft: pull.draft ?? false,
      headCommit: pull.head.sha,
      headRef: pull.head.ref,
      headRepositoryId: pull.head.repo?.id ?? null,
      baseRef: pull.base.ref,
      labels: pull.labels.map((label) => label.name),
    },
  };
}

function readComment({ action, repository, issue, comment }: CommentEvent): Intent | Ignored {
  if (action !== "created") return { kind: "ignored", reason: `comments ${action} change nothing here` };
  const { id, body, user } = comment;
  return readSaid(
    { repositoryId: repository.id, repository: repository.full_name },
    {
      id,
      number: issue.pull_request ? issue.number : null,
      body,
      author: user?.login ?? null,
      isBot: user?.type === "Bot",
    },
  );
}

/** Renames, transfers and changes of visibility are found by asking; that it is gone, GitHub only says here. */
function readRepository({ action, repository }: RepositoryEvent): Intent | Ignored {
  const about = { repositoryId: repository.id, repository: repository.full_name };
  if (action === "deleted") return { kind: "repository-gone", ...about };
  if (!repositoryActions.has(action)) return { kind: "ignored", reason: `repository ${action} changes nothing here` };
  return { kind: "resync", reason: `repository ${action}` };
}
