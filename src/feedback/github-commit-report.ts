import { prose } from "./markdown.ts";
import { orWhenGone, ownerAndRepo } from "./github-traffic.ts";
import type { ApiOf } from "./github-credentials.ts";
import { shorten } from "./shorten.ts";

export type CommitState = "pending" | "success" | "failure" | "error";

/** A check run that was made: what is over is not begun again, another one is made. */
export type CheckRun = { commit: string; id: number; completed: boolean };

/** `check`: it is about one check of the preview alone. */
type Said = {
  preview: string;
  check?: string;
  commit: string;
  state: CommitState;
  description: string;
  targetUrl: string;
};

export type CommitReports = {
  /**
   * Says of a commit how its preview, or one check of it, is: with an App as the check run `mayfly` (`mayfly/NAME`), else (GitHub lets only Apps make those)
   * as the commit status `mayfly`. Answers the check run, for `known` next time.
   */
  setStatus(repository: string, said: Said, known: CheckRun | null): Promise<CheckRun | null>;
};

function nameOf({ check }: Said): string {
  return check === undefined ? "mayfly" : `mayfly/${check}`;
}

export function createCommitReports(api: ApiOf, kind: "token" | "app"): CommitReports {
  async function setCommitStatus(repository: string, said: Said): Promise<null> {
    const { commit, state, description, targetUrl } = said;
    const status = { state, description: shorten(description), target_url: targetUrl, context: nameOf(said) };
    const asked = { ...ownerAndRepo(repository), sha: commit, ...status };
    await api(repository).request("POST /repos/{owner}/{repo}/statuses/{sha}", asked);
    return null;
  }

  async function setCheckRun(repository: string, said: Said, known: CheckRun | null): Promise<CheckRun> {
    const { request } = api(repository);
    const content = contentOf(said);
    const completed = said.state !== "pending";
    const run = known?.commit === said.commit ? known : await findCheckRun(repository, said);
    if (run !== null && (completed || !run.completed)) {
      const asked = { ...ownerAndRepo(repository), check_run_id: run.id, ...content };
      const told = await orWhenGone(request("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", asked), null);
      if (told !== null) return { ...run, completed };
    }
    const name = nameOf(said);
    const asked = { ...ownerAndRepo(repository), name, head_sha: said.commit, external_id: said.preview, ...content };
    const made = await request("POST /repos/{owner}/{repo}/check-runs", asked);
    return { commit: said.commit, id: Number(made.data.id), completed };
  }

  /** Memory may be lost, or the call that made it cut off: GitHub knows the newest that is ours. */
  async function findCheckRun(repository: string, said: Said): Promise<CheckRun | null> {
    const { preview, commit } = said;
    const name = nameOf(said);
    const asked = { ...ownerAndRepo(repository), ref: commit, check_name: name, filter: "all" as const, per_page: 100 };
    const { data } = await api(repository).request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", asked);
    const ours = data.check_runs.filter((run) => run.name === name && run.external_id === preview);
    const [newest] = ours.toSorted((a, b) => Number(b.id) - Number(a.id));
    return newest ? { commit, id: Number(newest.id), completed: newest.status === "completed" } : null;
  }

  return { setStatus: kind === "app" ? setCheckRun : setCommitStatus };
}

function contentOf({ state, description, targetUrl }: Said) {
  const output = { title: shorten(description), summary: prose(description) };
  const progress =
    state === "pending"
      ? { status: "in_progress" as const }
      : { status: "completed" as const, conclusion: state === "success" ? ("success" as const) : ("failure" as const) };
  return { ...progress, details_url: targetUrl, output };
}
