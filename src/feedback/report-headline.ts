import { turnWords } from "../domain/admission.ts";
import type { Failure } from "../domain/errors.ts";
import { formatSpan } from "../domain/time.ts";
import type { PreviewView } from "../domain/view.ts";
import { type Moment, newestAttempt } from "./attempt.ts";
import { code, link } from "./markdown.ts";
import { masked, type ReportDetails } from "./report-details.ts";

/** So much of a reason stands in the first line, in characters. */
const whyLength = 200;
/** A cause that was found is told whole, with what was seen of it. */
const causeLength = 300;

/** What the first line tells whole of a failure: where the cause is known, also what to change. */
export function toldOf({ what, now, suspects = [] }: Failure): { what: boolean; now: boolean } {
  const isFound = suspects.length > 0;
  return { what: what.length <= (isFound ? causeLength : whyLength), now: isFound && now.length <= whyLength };
}

/** The comment's first line, which alone must be enough: what serves, and what the newest attempt did. */
export function headline(view: PreviewView, details: ReportDetails): string {
  switch (view.phase) {
    case "blocked":
      return sentence(`Not started: ${masked(details).prose(view.reason ?? "it is not allowed")}`);
    case "removing":
      return sentence(`Being removed: ${masked(details).prose(view.reason ?? "it is not wanted any more")}`);
    case "gone":
      return goneLine(view, details);
    case "pending":
    case "building":
    case "starting":
    case "failed":
    case "asleep":
    case "ready":
      return aliveLine(view, details);
  }
}

function aliveLine(view: PreviewView, details: ReportDetails): string {
  const name = `**${link(new URL(view.url).host, view.link)}**`;
  const { serving } = view;
  const attempt = newestAttempt(view, details);
  const served = serving && shortCommit(view, serving.commit, details);
  switch (attempt.kind) {
    case "ready": {
      const span = serving ? `, in ${formatSpan(serving.seconds * 1000)}` : "";
      if (view.phase !== "ready" && view.phase !== "asleep") return `Checking ${name}.`;
      const trouble =
        view.reason === null ? "" : sentence(` It is not whole now: ${masked(details).prose(view.reason, 200)}`);
      const is = view.rolledBack === null ? "is ready at" : "is rolled back to";
      return `${name} ${is} ${shortCommit(view, attempt.commit, details)}${span}.${trouble}`;
    }
    case "failed": {
      const failed = shortCommit(view, attempt.commit, details);
      const why = whyFailed(view, attempt.why, details);
      if (serving === null) return sentence(`${failed} failed, and nothing is up: ${why}`);
      const newest = newestWords(view, attempt.commit, failed);
      return sentence(`${name} serves ${served}. ${newest} failed: ${why}`);
    }
    case "waiting": {
      if (view.queue !== null) return `Waiting: ${turnWords(view.queue)}.`;
      const what = attempt.commit === null ? "" : ` to deploy ${shortCommit(view, attempt.commit, details)}`;
      return served === null ? `Waiting${what}.` : `Waiting${what}. ${name} still serves ${served}.`;
    }
    case "under way": {
      if (view.queue !== null) {
        const meanwhile = served === null ? "" : ` ${name} still serves ${served}.`;
        return `Waiting: ${turnWords(view.queue)}.${meanwhile}`;
      }
      const again = attempt.commit === serving?.commit ? " again" : "";
      const doing = view.rolledBack === null ? attempt.doing : "Rolling back to";
      const what = `${doing} ${shortCommit(view, attempt.commit, details)}${again}${moments(attempt.at)}`;
      const stalled = attempt.stalled === null ? "" : ` ${sentence(masked(details).prose(attempt.stalled, whyLength))}`;
      return served === null ? `${what} for ${name}.${stalled}` : `${what}. ${name} still serves ${served}.${stalled}`;
    }
  }
}

function newestWords({ rolledBack, serving }: PreviewView, commit: string, told: string): string {
  if (rolledBack !== null) return `Rolling back to ${told}`;
  return commit === serving?.commit ? "The newest attempt" : `The newest commit ${told}`;
}

/** What failed, and where the cause is known what to change. */
function whyFailed({ newest }: PreviewView, why: string, details: ReportDetails): string {
  const { prose } = masked(details);
  const failure = newest?.failure;
  if (!failure?.suspects?.length) return prose(why, whyLength);
  return `${sentence(prose(why, causeLength))} ${prose(failure.now, whyLength)}`;
}

function goneLine(view: PreviewView, details: ReportDetails): string {
  const lived =
    view.goneAt === null || view.newest === null ? "" : ` (lived ${formatSpan(view.goneAt - view.createdAt)})`;
  switch (details.preview.spec.reason) {
    case "merged":
      return `Gone since the merge${lived}.`;
    case "closed":
      return `Gone since the pull request was closed${lived}.`;
    case "destroyed":
      return `Gone: destroyed on request${lived}. \`/deploy\` brings it back.`;
    case "draft":
    case "bot":
    case "label":
    case "paths":
    case "skipped":
      return `Gone: ${masked(details).prose(view.reason ?? "it is not wanted now")}${lived}. \`/deploy\` brings it back.`;
    case "expired":
      return `Gone: ${(view.reason ?? "it was not used").replace(/^it was /, "")}. \`/deploy\` brings it back.`;
    case "open":
    case "unread":
    case "fork":
    case "forks-never":
    case "repository-gone":
      return `Gone: ${masked(details).prose(view.reason ?? "it is not wanted any more")}${lived}.`;
  }
}

/** A commit's first seven characters, linked to what it changed. */
export function shortCommit(view: PreviewView, commit: string, { webUrl }: ReportDetails): string {
  return link(code(commit.slice(0, 7)), `${webUrl}/${view.repository}/commit/${commit}`);
}

/** ` (web, 40 s so far; api)`. */
function moments(at: readonly Moment[]): string {
  if (at.length === 0) return "";
  const shown = at
    .slice(0, 4)
    .map(({ what, span }) => (span === null ? code(what, 60) : `${code(what, 60)}, ${span} so far`));
  return ` (${[...shown, ...(at.length > 4 ? [`${at.length - 4} more`] : [])].join("; ")})`;
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
