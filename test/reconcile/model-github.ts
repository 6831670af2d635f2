import type { Comment, Heard } from "../../src/domain/intent.ts";
import type { PullRequest } from "../../src/domain/preview.ts";
import { RemoteError } from "../../src/domain/errors.ts";
import { pullRequest } from "../support/pull.ts";

export type Event = { name: string; payload: object };

/** GitHub as a model: what is so, what it answers, and the events it would send of it. */
export function modelGitHub() {
  const repository = { id: 7, name: "acme/shop" };
  const pulls = new Map<number, PullRequest>();
  const comments: Comment[] = [];
  const events: Event[] = [];
  let time = 0;
  let down = false;
  let calls = 0;

  const body = () => ({ id: repository.id, full_name: repository.name, private: false });
  const tell = (action: string, pull: PullRequest) =>
    events.push({
      name: "pull_request",
      payload: {
        action,
        repository: body(),
        pull_request: {
          number: pull.number,
          title: pull.title,
          state: pull.open ? "open" : "closed",
          merged: pull.merged,
          draft: pull.draft,
          user: { login: pull.author },
          labels: pull.labels.map((name) => ({ name })),
          head: {
            sha: pull.headCommit,
            ref: pull.headRef,
            repo: pull.headRepositoryId === null ? null : { id: pull.headRepositoryId },
          },
          base: { ref: pull.baseRef },
        },
      },
    });
  const commit = () => (++time).toString(16).padStart(40, "0");
  const change = (number: number, action: string, changes: Partial<PullRequest>): void => {
    const before = pulls.get(number);
    if (before === undefined) return;
    const after = { ...before, ...changes };
    pulls.set(number, after);
    tell(action, after);
  };
  const answer = <T>(value: T): T => {
    calls += 1;
    if (down) throw new RemoteError("forge-unreachable", "GitHub is down", { retry: "backoff" });
    return value;
  };
  /** The old name leads to the new one. */
  const now = (pull: PullRequest): PullRequest => ({ ...pull, repository: repository.name });

  return {
    repository,
    pulls: () => [...pulls.values()].map(now),
    comments: () => comments,
    events,
    calls: () => calls,
    down: (on: boolean) => void (down = on),
    deeds: {
      open(number: number): void {
        pulls.set(
          number,
          pullRequest({
            repositoryId: repository.id,
            repository: repository.name,
            number,
            headCommit: commit(),
            headRef: `branch-${number}`,
            headRepositoryId: repository.id,
          }),
        );
        tell("opened", pulls.get(number)!);
      },
      push: (number: number) => pulls.get(number)?.open && change(number, "synchronize", { headCommit: commit() }),
      close: (number: number) => change(number, "closed", { open: false }),
      merge: (number: number) => change(number, "closed", { open: false, merged: true }),
      reopen: (number: number) => !pulls.get(number)?.merged && change(number, "reopened", { open: true }),
      retarget: (number: number) => change(number, "edited", { baseRef: `base-${++time}` }),
      rename(): void {
        repository.name = `acme/shop-${++time}`;
        events.push({ name: "repository", payload: { action: "renamed", repository: body() } });
      },
      say(number: number, text: string): void {
        if (!pulls.has(number)) return;
        const id = ++time;
        comments.push({ id, number, body: text, author: "ann", isBot: false });
        events.push({
          name: "issue_comment",
          payload: {
            action: "created",
            repository: body(),
            issue: { number, pull_request: {} },
            comment: { id, body: text, user: { login: "ann", type: "User" } },
          },
        });
      },
    },
    forge: {
      readPull: async (_name: string, number: number) => {
        const pull = pulls.get(number);
        return answer(pull ? now(pull) : null);
      },
      listOpenPulls: async () => answer([...pulls.values()].filter(({ open }) => open).map(now)),
      readRepository: async () => answer({ ...repository }),
      changedFiles: async () => answer<string[]>([]),
      pushedFiles: async () => answer(null),
      mayWrite: async () => answer(true),
      listenTo: async (_name: string, heard: Heard | null) => {
        const lastId = heard?.lastId ?? 0;
        const newer = comments.filter(({ id }) => id > lastId);
        const newest = comments.at(-1)?.id ?? 0;
        return answer({ comments: heard === null ? [] : newer, heard: { since: String(newest), lastId: newest } });
      },
    },
  };
}
