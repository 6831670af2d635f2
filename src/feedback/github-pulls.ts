import { RemoteError } from "../domain/errors.ts";
import type { Level, Person } from "../domain/person.ts";
import type { PullRequest } from "../domain/preview.ts";
import { type ReadAgain, readPages } from "./github-conditional.ts";
import type { ApiOf } from "./github-credentials.ts";
import { orWhenGone, ownerAndRepo } from "./github-traffic.ts";

export type Pulls = {
  /** Null when the repository answers and has no such pull request; throws `forge-refused` when it does not answer us. */
  readPull(repository: string, number: number): Promise<PullRequest | null>;
  listOpenPulls(repository: string): Promise<PullRequest[]>;
  /** Paths that the pull request changes, former names of moved ones too. GitHub tells at most 3,000. */
  changedFiles(repository: string, number: number): Promise<string[]>;
  /**
   * Paths changed from one commit to another that has it among its ancestors; null after a force push, for a commit
   * that is gone, and where there are more than GitHub tells (300).
   */
  pushedFiles(repository: string, before: string, after: string): Promise<string[] | null>;
  /** True when the person may write to the repository now. */
  mayWrite(repository: string, person: string): Promise<boolean>;
  /** What a person may do in the repository now; nothing when the login has passed to another person. */
  permissionOf(repository: string, person: Person): Promise<Level>;
};

/** GitHub, "Compare two commits": all files are on the first page, up to this many. */
const mostCompared = 300;
const writers = ["admin", "maintain", "write"];

/** What the loop asks of GitHub. Every call may throw RemoteError. */
export function createPulls(api: ApiOf, again: ReadAgain): Pulls {
  return {
    async readPull(repository, number) {
      const asked = { ...ownerAndRepo(repository), pull_number: number };
      const answer = await orWhenGone(
        api(repository).request("GET /repos/{owner}/{repo}/pulls/{pull_number}", asked),
        null,
      );
      // GitHub says 404 of what we may not see, too: only a repository that answers tells that a pull request is gone.
      if (answer === null) await api(repository).request("GET /repos/{owner}/{repo}", ownerAndRepo(repository));
      return answer && toPullRequest(answer.data);
    },

    async listOpenPulls(repository) {
      const asked = { ...ownerAndRepo(repository), state: "open" as const };
      const ask = (page: object) => api(repository).request("GET /repos/{owner}/{repo}/pulls", { ...asked, ...page });
      return readPages(again, `pulls ${repository}`, ask, (data: Answered[]) => data.map(toPullRequest));
    },

    async changedFiles(repository, number) {
      const asked = { ...ownerAndRepo(repository), pull_number: number, per_page: 100 };
      return pathsOf(await api(repository).paginate("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", asked));
    },

    async pushedFiles(repository, before, after) {
      const asked = { ...ownerAndRepo(repository), basehead: `${before}...${after}`, per_page: 1 };
      const answer = await orWhenGone(
        api(repository).request("GET /repos/{owner}/{repo}/compare/{basehead}", asked),
        null,
      );
      const files = answer?.data.files ?? [];
      const isWhole =
        answer !== null && ["ahead", "identical"].includes(answer.data.status) && files.length < mostCompared;
      return isWhole ? pathsOf(files) : null;
    },

    mayWrite: async (repository, person) => levelOf((await permission(repository, person))?.permission) === "write",

    async permissionOf(repository, { login, id }) {
      const told = await permission(repository, login);
      return told !== null && Number(told.user?.id) === id ? levelOf(told.permission) : "none";
    },
  };

  async function permission(repository: string, username: string) {
    const asked = { ...ownerAndRepo(repository), username };
    const path = "GET /repos/{owner}/{repo}/collaborators/{username}/permission";
    return (await orWhenGone(api(repository).request(path, asked), null))?.data ?? null;
  }
}

/** GitHub, "Get repository permissions for a user": triage is told as read, maintain as write. */
function levelOf(permission: string | undefined): Level {
  if (writers.includes(permission ?? "")) return "write";
  return permission === "read" ? "read" : "none";
}

function pathsOf(files: readonly { filename: string; previous_filename?: string }[]): string[] {
  return files.flatMap(({ filename, previous_filename: before }) =>
    before === undefined ? [filename] : [filename, before],
  );
}

/** GitHub's pull request, as the endpoints for one and for many answer it; a deleted account or fork is null. */
type Answered = {
  number: number;
  title: string;
  state: string;
  draft?: boolean | undefined;
  merged?: boolean;
  user: { login: string } | null;
  labels: { name?: string }[];
  head: { sha: string; ref: string; repo: { id: number | bigint } | null };
  base: { ref: string; repo: { id: number | bigint; full_name: string; private?: boolean } };
};

function toPullRequest(pull: Answered): PullRequest {
  const { base, head } = pull as Partial<Answered>;
  if (base?.repo?.id === undefined || head?.sha === undefined) {
    throw new RemoteError("forge-unreachable", "GitHub's answer is no pull request", { retry: "backoff" });
  }
  return {
    repositoryId: Number(base.repo.id),
    repository: base.repo.full_name,
    // Where it is not said, nobody may look.
    private: base.repo.private ?? true,
    number: pull.number,
    title: pull.title,
    author: pull.user?.login ?? "ghost",
    open: pull.state === "open",
    merged: pull.merged ?? false,
    draft: pull.draft ?? false,
    headCommit: head.sha,
    headRef: head.ref,
    headRepositoryId: head.repo ? Number(head.repo.id) : null,
    baseRef: base.ref,
    labels: (pull.labels ?? []).flatMap(({ name }) => (name === undefined ? [] : [name])),
  };
}
