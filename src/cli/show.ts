import { cleanText } from "../domain/clean-text.ts";
import { type Finding, formatPlace } from "../domain/errors.ts";
import { isLocalKey } from "../domain/local.ts";
import { isUnderWay } from "../domain/preview.ts";
import { formatMoment, formatSpan } from "../domain/time.ts";
import type { PreviewView } from "../domain/view.ts";
import { type Command, clientOptions } from "./command.ts";
import { connect } from "./connection.ts";

/** `mayfly show ID`: the link, what serves and what the newest attempt did. */
export const show: Command = {
  args: "ID",
  help: "show a preview: its link, what serves, why it failed",
  options: clientOptions,
  async run(input, terminal) {
    const view = await connect(input, terminal).get<PreviewView>(previewPath(input.positionals[0] ?? ""));
    const lines =
      input.values["json"] === true ? [JSON.stringify(view, null, 2)] : describe(view, terminal.now()).map(cleanText);
    for (const line of lines) terminal.print(line);
    return 0;
  },
};

const accessWords: Record<PreviewView["access"], string | null> = {
  public: null,
  link: "whoever has its link",
  "sign-in": "whoever signs in and may read the repository",
};

/** The API's path of a preview, whatever people typed. */
export function previewPath(id: string): string {
  return `/api/previews/${encodeURIComponent(id)}`;
}

function describe(view: PreviewView, now: number): string[] {
  const { repository, number, title, author, branch, serving, routes, data } = view;
  const what = `${repository}${isLocalKey(view.key) ? "" : `#${number}`} ${title}`;
  const facts: [string, string | null][] = [
    [
      isLocalKey(view.key) ? "local" : "pull",
      `${what}${author === "" ? "" : `, by ${author}`}${branch === "" ? "" : ` (${branch})`}`,
    ],
    ["state", stateOf(view)],
    [
      "serves",
      serving &&
        `${short(serving.commit)}, ready for ${formatSpan(now - serving.readyAt)}, in ${formatSpan(serving.seconds * 1000)}`,
    ],
    ["newest", newestWords(view)],
    ["rollback", rollbackWords(view)],
    ...view.checks.map((check): [string, string] => ["check", checkWords(check)]),
    ...routes
      .filter(({ url }) => url !== view.url)
      .map(({ service, link }): [string, string] => ["route", `${service} ${link}`]),
    ["data", data],
    ...view.dataNotes.map((note): [string, string] => ["", note]),
    ...view.retired.map(({ id, service, cause, until }): [string, string] => [
      "replaced",
      `${service} ${id}, until ${formatMoment(until)}: ${cause}`,
    ]),
    ["access", accessWords[view.access]],
    ["allowed", view.allowed.length === 0 ? null : `${view.allowed.join(", ")}, by the operator`],
    ["visit", view.lastVisitAt === null ? null : `${formatSpan(now - view.lastVisitAt)} ago`],
    ["expires", endWords(view, now)],
  ];
  const told = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  const width = Math.max(...told.map(([name]) => name.length));
  return [
    view.link,
    ...told.map(([name, fact]) => `  ${name.padEnd(width)}  ${fact.replaceAll(/\s+/g, " ")}`),
    ...failureLines(view),
  ];
}

/** Null where it is what serves: one fact is not told twice. */
function newestWords({ newest, serving }: PreviewView): string | null {
  if (newest === null || newest.generation === serving?.generation) return null;
  const how = `${newest.phase} ${isUnderWay(newest) ? "for" : "after"} ${formatSpan(newest.seconds * 1000)}`;
  return `${short(newest.commit)} ${how}: ${newest.cause}`;
}

function checkWords({ name, state, detail, seconds, required }: PreviewView["checks"][number]): string {
  const how = detail === null ? "" : `: it ${detail}`;
  return `${name} ${state} ${state === "running" ? "for" : "after"} ${formatSpan(seconds * 1000)}${required ? "" : " (only reports)"}${how}`;
}

function rollbackWords({ rolledBack, rollbackTo }: PreviewView): string | null {
  const back = rolledBack && `back at ${short(rolledBack.commit)}, with the data of now, until the next push`;
  const next = rollbackTo && `${back === null ? "" : "another one "}leads to ${short(rollbackTo.commit)}`;
  return back === null ? next : [back, ...(next === null ? [] : [next])].join("; ");
}

function endWords({ pinned, expiresAt }: PreviewView, now: number): string | null {
  if (pinned) return "when the pull request is closed: it is pinned";
  return expiresAt === null ? null : `in ${formatSpan(expiresAt - now)}, unless somebody visits it or pushes`;
}

/** Its state, and why where nothing below says so: what failed is told once, with its place. */
export function stateOf({ phase, queue, asleep, reason, newest }: PreviewView): string {
  const state = queue !== null ? "waiting" : asleep === null ? phase : `asleep (${asleep}): a visit wakes it`;
  return reason === null || reason === newest?.failure?.what ? state : `${state}: ${reason}`;
}

/** What failed in the newest attempt, where, and what now. */
export function failureLines({ newest }: PreviewView): string[] {
  const failure = newest?.failure;
  if (!failure) return [];
  const { what, where, now, logTail, findings, suspects = [] } = failure;
  const told = where === null ? what : `${where}  ${what}`;
  const also = suspects.slice(1).map((each) => `Also: ${each.what}. ${each.now}`);
  return ["", told, ...otherRefusals(findings), ...logTail.map((line) => `  ${line}`), now, ...also];
}

/** What else a branch's files are refused for, after the first one; a screen of them at most. */
export function otherRefusals(findings: readonly Finding[]): string[] {
  const refused = findings.filter(({ action }) => action === "refuse");
  return refused.slice(1, 20).map((finding) => `${formatPlace(finding)}  ${finding.message}`);
}

function short(commit: string): string {
  return commit.slice(0, 7);
}
