import type { ErrorCode } from "../domain/catalogue.ts";
import type { Failure, Finding } from "../domain/errors.ts";
import { groupFindings } from "../domain/finding-groups.ts";
import { type Deployment, newestOf, servingOf, trustOf } from "../domain/preview.ts";
import { formatMoment } from "../domain/time.ts";
import type { Verb } from "../domain/verbs.ts";
import type { PreviewView } from "../domain/view.ts";
import { type Attempt, newestAttempt } from "./attempt.ts";
import { code, fold, foldedList, link } from "./markdown.ts";
import { maskLines, maskSecrets } from "./masking.ts";
import { checksSection } from "./report-checks.ts";
import { masked, type ReportDetails } from "./report-details.ts";
import { shortCommit, toldOf } from "./report-headline.ts";
import { changesOf } from "./service-changes.ts";

/** How much is shown of each list, so that the whole stays under 60 lines. */
const most = { routes: 8, services: 6, findings: 5, dataNotes: 6, logLines: 20 };

const builds: readonly ErrorCode[] = ["build-failed", "build-timeout"];

/** What stands under the first line, each part only where there is something to say. */
export function sections(view: PreviewView, details: ReportDetails): string[] {
  if (view.phase === "blocked" || view.phase === "removing" || view.phase === "gone") return [];
  const attempt = newestAttempt(view, details);
  const newest = attempt.kind === "waiting" ? servingOf(details.deployments) : newestOf(details.deployments);
  const failed = attempt.kind === "failed" ? newest : null;
  return [
    rolledBack(view, details),
    checksSection(view, details),
    routes(view),
    attempt.kind === "ready" ? services(view, newest, details) : null,
    failed?.failure ? whatNow(failed.failure, details) : null,
    findings(view, newest, details),
    dataPart(view, details),
    fromFork(details),
    failed?.failure ? logTail(failed.failure, details) : null,
    // Who only stands still is there before anybody notices.
    view.asleep === "stopped" ? "Asleep: the next visit wakes it, with its data." : null,
    lifetime(view, details),
    `Say ${verbsFor(view, attempt).join(", ")} in a comment; \`/help\` tells what there is.`,
  ].filter((section) => section !== null);
}

/** Which data it has, and what became of it. */
function dataPart({ data, dataNotes, serving }: PreviewView, details: ReportDetails): string | null {
  if (serving === null || (data === null && dataNotes.length === 0)) return null;
  const { prose } = masked(details);
  const lines = dataNotes.slice(0, most.dataNotes).map((note) => `- ${prose(note, 400)}.`);
  return [...(data === null ? [] : [`Data: ${prose(data)}.`]), ...lines].join("\n");
}

/** What one may want to say now; the rest is in the answer to `/help`. */
function verbsFor({ pinned, access, serving, rollbackTo }: PreviewView, { kind }: Attempt): string[] {
  const back: Verb[] = rollbackTo === null ? [] : ["rollback"];
  const ready: Verb[] = ["redeploy", "reset", ...back, pinned ? "unpin" : "pin", "logs"];
  const shared: Verb[] = access === "public" ? [] : ["share"];
  const verbs: Verb[] = serving !== null ? [...ready, ...shared] : kind === "failed" ? ["redeploy"] : [];
  return [...verbs, "destroy" as const].map((verb) => `\`/${verb}\``);
}

/** What a rollback does not do, and how it ends. */
function rolledBack(view: PreviewView, details: ReportDetails): string | null {
  const { pull, cause } = details.preview.spec;
  if (view.rolledBack === null || pull === null) return null;
  const to = shortCommit(view, view.rolledBack.commit, details);
  const head = shortCommit(view, pull.headCommit, details);
  const why = masked(details).prose(cause);
  const isNew = newestOf(details.deployments)?.stack?.volumes.some(({ choice }) => choice?.kind === "re-branch");
  const isDone = newestAttempt(view, details).kind === "ready";
  const data = isNew
    ? "on new data, as told below"
    : `on the data that there is now, which ${isDone ? "was" : "is"} not rolled back`;
  const what = isDone ? `Rolled back to ${to} (${why}): it runs` : `To go back to ${to} (${why}): it will run`;
  return `${what} as it did then, ${data}. The next push deploys again; \`/redeploy\` returns to ${head}.`;
}

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
  if (others.length === 0 || (view.phase !== "ready" && view.phase !== "asleep")) return null;
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
  return ["| Service | Change |", "| --- | --- |", ...rows, ...more].join("\n");
}

/** Where, and what now; what the first line says is said again only where it was cut there. */
function whatNow(failure: Failure, details: ReportDetails): string | null {
  const { what, where, now, service, findings, suspects = [] } = failure;
  // Each refusal says the same of itself.
  if (findings.some(({ action }) => action === "refuse")) return null;
  const { prose, code } = masked(details);
  const places = [where === null ? "" : code(where), service === null ? "" : `service ${code(service)}`];
  const told = toldOf(failure);
  const lines = [
    ...(told.what ? [] : [`- **What:** ${prose(what, 600)}`]),
    ...(where === null && service === null ? [] : [`- **Where:** ${places.filter(Boolean).join(", ")}`]),
    ...(told.now ? [] : [`- **What now:** ${prose(now, 600)}`]),
    ...suspects.slice(1).map((each) => `- **Also:** ${prose(each.what)}. ${prose(each.now)}`),
  ];
  return lines.length === 0 ? null : lines.join("\n");
}

/** What is refused has to be read; what was only changed for the preview stays out of the way. */
function findings(view: PreviewView, newest: Deployment | null, details: ReportDetails): string | null {
  if (newest === null) return null;
  const refused = (newest.failure?.findings ?? []).filter(({ action }) => action === "refuse");
  const all = groupFindings(refused.length > 0 ? refused : newest.findings);
  if (all.length === 0) return null;
  const { prose } = masked(details);
  const lines = all.slice(0, most.findings).map((finding) => {
    const hint = finding.hint === "" ? "" : `. ${prose(finding.hint)}`;
    return `- ${placeLink(view, newest.commit, finding, details)} ${prose(finding.message)}${hint}`;
  });
  if (all.length > most.findings)
    lines.push(`- ${all.length - most.findings} more on ${link("the preview's page", details.pageUrl)}`);
  if (refused.length > 0) return lines.join("\n");
  return foldedList(`${all.length} ${all.length === 1 ? "note" : "notes"} on the Compose file`, lines);
}

function placeLink(view: PreviewView, commit: string, { file, line }: Finding, details: ReportDetails): string {
  const path = file.toWellFormed().split("/").map(encodeURIComponent).join("/");
  return link(code(`${file}:${line}`), `${details.webUrl}/${view.repository}/blob/${commit}/${path}#L${line}`);
}

function logTail(failure: Failure, { secrets, pageUrl }: ReportDetails): string | null {
  if (failure.logTail.length === 0) return null;
  const lines = maskLines(failure.logTail, (text) => maskSecrets(text, secrets)).slice(-most.logLines);
  const tail = fold(
    lines.length === 1 ? "The last line of" : `Last ${lines.length} lines of`,
    failure.service ?? "the log",
    lines,
  );
  // What a container said goes with it; what a build said is kept.
  if (!builds.includes(failure.code)) return tail;
  return `${tail}\n\n${link("The whole log", `${pageUrl}?service=@build#logs`)} is on the preview's page.`;
}

function andMore(count: number): string {
  return count > 0 ? ` · ${count} more` : "";
}
