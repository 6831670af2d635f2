import type { ErrorCode } from "../domain/catalogue.ts";
import { isUnwanted } from "../domain/preview.ts";
import { turnWords } from "../domain/admission.ts";
import { formatSpan } from "../domain/time.ts";
import type { PreviewView } from "../domain/view.ts";
import { newestAttempt } from "./attempt.ts";
import { maskSecrets } from "./masking.ts";
import type { ReportDetails } from "./report-details.ts";

/** The commit status `mayfly`: plain text. */
export type CommitReport = {
  commit: string;
  state: "pending" | "success" | "failure" | "error";
  description: string;
  targetUrl: string;
};

/** Failures that the author of the commit cannot mend. */
const ours: readonly ErrorCode[] = [
  "git-failed",
  "git-refused",
  "engine-unreachable",
  "engine-refused",
  "subnets-exhausted",
  "forge-unreachable",
  "forge-unauthorized",
  "forge-refused",
  "forge-limited",
  "internal",
];

/** What to say of the pull request's newest commit; null before it was read, and when it goes without ever having begun. */
export function reportCommit(view: PreviewView, details: ReportDetails): CommitReport | null {
  const commit = details.preview.spec.pull?.headCommit ?? view.newest?.commit;
  if (commit === undefined) return null;
  const nothingToDo = nothingToDoBecause(view, details);
  if (nothingToDo !== null) {
    const description = `Nothing to be done: ${maskSecrets(nothingToDo, details.secrets)}`;
    return { commit, state: "success", description, targetUrl: view.serving ? view.url : details.pageUrl };
  }
  const rolledBack = rolledBackReport(view, details);
  if (rolledBack !== null) return { commit, ...rolledBack };
  const neverBegan = view.newest === null && (view.phase === "removing" || view.phase === "gone");
  return neverBegan ? null : { commit, ...sayOf(view, details) };
}

/** What somebody who requires this status must not wait for; null when there is something to do. */
function nothingToDoBecause(view: PreviewView, { preview: { spec } }: ReportDetails): string | null {
  if (isUnwanted(spec)) return view.reason;
  if (spec.wanted !== "running" || spec.commit === null || spec.rollback) return null;
  // What became of an attempt that is kept is told of the newer commit as well.
  if (spec.commit === spec.pull?.headCommit) return null;
  if (view.newest?.phase !== "ready" || view.newest.generation !== spec.generation) return null;
  const what = spec.touched === null ? "what the preview is made of" : spec.touched.paths.join(", ");
  return `this push changes nothing of ${what}; ${spec.commit.slice(0, 7)} stays`;
}

/** Of a commit that was rolled back: whether it was good is what its own attempts told. */
function rolledBackReport(view: PreviewView, details: ReportDetails): Omit<CommitReport, "commit"> | null {
  const { rolledBack } = view;
  const attempt = newestAttempt(view, details);
  if (rolledBack === null || (attempt.kind !== "ready" && attempt.kind !== "failed")) return null;
  const { pageUrl, preview, deployments } = details;
  const was = deployments.some(({ commit, readyAt }) => commit === preview.spec.pull?.headCommit && readyAt !== null);
  const to = rolledBack.commit.slice(0, 7);
  const failed =
    attempt.kind === "failed" && `Rolling back to ${to} failed: ${maskSecrets(attempt.why, details.secrets)}`;
  const description = failed || `Rolled back to ${to} on request; the next push deploys again`;
  return { state: was ? "success" : "failure", description, targetUrl: pageUrl };
}

function sayOf(view: PreviewView, details: ReportDetails): Omit<CommitReport, "commit"> {
  const { pageUrl } = details;
  if (view.phase === "blocked")
    return { state: "pending", description: `Not started: ${view.reason ?? "not allowed"}`, targetUrl: pageUrl };
  if (view.phase === "removing" || view.phase === "gone") return removed(view, details);
  const attempt = newestAttempt(view, details);
  switch (attempt.kind) {
    case "waiting":
      return {
        state: "pending",
        description: view.queue === null ? "Waiting" : `Waiting: ${turnWords(view.queue)}`,
        targetUrl: pageUrl,
      };
    case "under way": {
      const stalled = attempt.stalled === null ? [] : [maskSecrets(attempt.stalled, details.secrets)];
      const at = [...attempt.at.map(({ what }) => what), ...stalled].join(", ");
      return {
        state: "pending",
        description: at === "" ? attempt.doing : `${attempt.doing}: ${at}`,
        targetUrl: pageUrl,
      };
    }
    case "failed":
      return { state: failedState(view), description: maskSecrets(attempt.why, details.secrets), targetUrl: pageUrl };
    case "ready": {
      if ((view.phase !== "ready" && view.phase !== "asleep") || view.serving === null)
        return { state: "pending", description: "Checking", targetUrl: pageUrl };
      return {
        state: "success",
        description: `Ready in ${formatSpan(view.serving.seconds * 1000)}`,
        targetUrl: view.link,
      };
    }
  }
}

/** A commit keeps what was said of it; one that was never ready must not wait for ever. */
function removed(view: PreviewView, details: ReportDetails): Omit<CommitReport, "commit"> {
  const attempt = newestAttempt(view, details);
  const state = attempt.kind === "ready" ? "success" : attempt.kind === "failed" ? failedState(view) : "error";
  return { state, description: `Removed: ${view.reason ?? "not wanted any more"}`, targetUrl: details.pageUrl };
}

function failedState(view: PreviewView): "failure" | "error" {
  const code = view.newest?.failure?.code;
  return code !== undefined && ours.includes(code) ? "error" : "failure";
}
