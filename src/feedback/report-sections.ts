import type { Failure, Finding } from "../domain/errors.ts";
import { type Deployment, newestOf, servingOf, trustOf } from "../domain/preview.ts";
import { formatMoment } from "../domain/time.ts";
import { verbNames } from "../domain/verbs.ts";
import type { PreviewView } from "../domain/view.ts";
import { newestAttempt } from "./attempt.ts";
import { code, fold, link } from "./markdown.ts";
import { maskSecrets } from "./masking.ts";
import { masked, type ReportDetails } from "./report-details.ts";
import { shortCommit } from "./report-headline.ts";
import { changesOf } from "./service-changes.ts";

/** How much is shown of each list, so that the whole stays under 60 lines. */
const most = { routes: 8, services: 6, findings: 5, logLines: 20 };

/** What stands under the first line, each part only where there is something to say. */
export function sections(view: PreviewView, details: ReportDetails): string[] {
  if (view.phase === "blocked" || view.phase === "removing" || view.phase === "gone") return [];
  const attempt = newestAttempt(view, details);
  const newest = attempt.kind === "waiting" ? servingOf(details.deployments) : newestOf(details.deployments);
  const failed = attempt.kind === "failed" ? newest : null;
  return [
    routes(view),
    attempt.kind === "ready" ? services(view, newest, details) : null,
    failed?.failure ? threeFacts(view, failed.failure, details) : null,
    findings(view, newest, details),
    view.data === null || view.serving === null ? null : `Data: ${masked(details).prose(view.data)}.`,
    fromFork(details),
    failed?.failure ? logTail(failed.failure, details) : null,
    failed ? `${link("The whole log", details.pageUrl)} is on the preview's page.` : null,
    lifetime(view, details),
    verbLine,
  ].filter((section) => section !== null);
}

/** `/allow` is said where there is something to allow. */
const verbLine = `Say ${verbNames
  .filter((verb) => verb !== "allow")
  .map((verb) => `\`/${verb}\``)
  .join(", ")} in a comment.`;

function fromFork({ preview: { spec } }: ReportDetails): string | null {
  if (spec.pull === null || trustOf(spec.pull) === "team") return null;
  return "From a fork: it gets no secrets, and reaches nothing beyond its own services.";
}

/** Said anew only when it turns: an exact moment would make an edit of each visit. */
function lifetime({ pinned, expiresAt, endsSoon }: PreviewView, { preview, now }: ReportDetails): string | null {
  if (pinned) return "Pinned: it is kept until the pull request is closed.";
  const { keptUntil } = preview.spec;
  if (expiresAt === null) return null;
  if (!endsSoon)
    return keptUntil !== null && keptUntil > now ? `Kept until ${formatMoment(keptUntil)} at least.` : null;
  return `It goes at ${formatMoment(expiresAt)}, with its data, unless somebody visits it, pushes, or says \`/extend\` or \`/pin\`.`;
}

function routes(view: PreviewView): string | null {
  const others = view.routes.filter(({ url }) => url !== view.url);
  if (others.length === 0 || view.phase !== "ready") return null;
  const shown = others.slice(0, most.routes).map((route) => link(code(route.service, 60), route.link));
  return `Also: ${shown.join(" · ")}${andMore(others.length - most.routes)}`;
}

function services(view: PreviewView, newest: Deployment | null, details: ReportDetails): string | null {
  if (!newest?.stack) return null;
  const earlier = details.deployments.filter(
    ({ generation, readyAt, stack }) => generation < newest.generation && readyAt !== null && stack,
  );
  const before = newestOf(earlier);
  const changes = changesOf(newest.stack, before?.stack ?? null);
  const since = before ? ` since ${shortCommit(view, before.commit, details)}` : "";
  const rows = changes.slice(0, most.services).map(({ service, change }) => {
    return `| ${code(service, 60)} | ${change === "unchanged" ? `unchanged${since}` : change} |`;
  });
  const more = changes.length > most.services ? [`| ${changes.length - most.services} more | |`] : [];
  return ["| Service | |", "| --- | --- |", ...rows, ...more].join("\n");
}

/** What, where, what now. */
function threeFacts(view: PreviewView, failure: Failure, details: ReportDetails): string {
  const { prose, code } = masked(details);
  const file = failure.where === null ? "" : code(failure.where);
  const service = failure.service === null ? "" : `service ${code(failure.service)}`;
  const commit = view.newest ? `commit ${shortCommit(view, view.newest.commit, details)}` : "";
  return [
    `- **What:** ${prose(failure.what, 600)}`,
    `- **Where:** ${[file, service, commit].filter(Boolean).join(", ")}`,
    `- **What now:** ${prose(failure.now, 600)}`,
  ].join("\n");
}

function findings(view: PreviewView, newest: Deployment | null, details: ReportDetails): string | null {
  const refused = newest?.failure?.findings ?? [];
  const all = (refused.length > 0 ? refused : (newest?.findings ?? [])).toSorted((a, b) => rank(a) - rank(b));
  if (newest === null || all.length === 0) return null;
  const { prose } = masked(details);
  const lines = all.slice(0, most.findings).map((finding) => {
    const hint = finding.hint === "" ? "" : `. ${prose(finding.hint)}`;
    return `- ${placeLink(view, newest.commit, finding, details)} ${prose(finding.message)}${hint}`;
  });
  const more =
    all.length > most.findings
      ? [`- ${all.length - most.findings} more on ${link("the preview's page", details.pageUrl)}`]
      : [];
  return [...lines, ...more].join("\n");
}

function rank({ action }: Finding): number {
  return ["refuse", "rewrite", "note"].indexOf(action);
}

function placeLink(view: PreviewView, commit: string, { file, line }: Finding, details: ReportDetails): string {
  const path = file.toWellFormed().split("/").map(encodeURIComponent).join("/");
  return link(code(`${file}:${line}`), `${details.webUrl}/${view.repository}/blob/${commit}/${path}#L${line}`);
}

function logTail(failure: Failure, { secrets }: ReportDetails): string | null {
  if (failure.logTail.length === 0) return null;
  // Masked as one text, since a secret may go over several lines.
  const lines = maskSecrets(failure.logTail.join("\n"), secrets).split("\n").slice(-most.logLines);
  return fold(`Last ${lines.length} lines of`, failure.service ?? "the log", lines);
}

function andMore(count: number): string {
  return count > 0 ? ` · ${count} more` : "";
}
