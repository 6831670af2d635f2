import { cleanText } from "../domain/clean-text.ts";
import { type Finding, formatPlace } from "../domain/errors.ts";
import { formatSpan } from "../domain/time.ts";
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
  const { repository, number, title, author, branch, serving, newest, routes, data } = view;
  const facts: [string, string | null][] = [
    [
      "pull",
      `${repository}#${number} ${title}${author === "" ? "" : `, by ${author}`}${branch === "" ? "" : ` (${branch})`}`,
    ],
    ["state", stateOf(view)],
    [
      "serves",
      serving &&
        `${short(serving.commit)}, ready for ${formatSpan(now - serving.readyAt)}, in ${formatSpan(serving.seconds * 1000)}`,
    ],
    [
      "newest",
      newest && `${short(newest.commit)} ${newest.phase} after ${formatSpan(newest.seconds * 1000)}: ${newest.cause}`,
    ],
    ...routes.filter(({ url }) => url !== view.url).map(({ service, link }): [string, string] => [service, link]),
    ["data", data],
    ["access", accessWords[view.access]],
    ["visited", view.lastVisitAt === null ? null : `${formatSpan(now - view.lastVisitAt)} ago`],
    ["kept", keptWords(view, now)],
  ];
  const told = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  const width = Math.max(...told.map(([name]) => name.length));
  return [
    view.link,
    ...told.map(([name, fact]) => `  ${name.padEnd(width)}  ${fact.replaceAll(/\s+/g, " ")}`),
    ...failureLines(view),
  ];
}

function keptWords({ pinned, expiresAt }: PreviewView, now: number): string | null {
  if (pinned) return "pinned, until the pull request is closed";
  return expiresAt === null ? null : `for ${formatSpan(expiresAt - now)} more without a push or a visit`;
}

/** Its state, and why where nothing below says so: what failed is told once, with its place. */
export function stateOf({ phase, reason, newest }: PreviewView): string {
  return reason === null || reason === newest?.failure?.what ? phase : `${phase}: ${reason}`;
}

/** What failed in the newest attempt, where, and what now. */
export function failureLines({ newest }: PreviewView): string[] {
  const failure = newest?.failure;
  if (!failure) return [];
  const { what, where, now, logTail, findings } = failure;
  const told = where === null ? what : `${where}  ${what}`;
  return ["", told, ...otherRefusals(findings), ...logTail.map((line) => `  ${line}`), now];
}

/** What else a branch's files are refused for, after the first one; a screen of them at most. */
export function otherRefusals(findings: readonly Finding[]): string[] {
  const refused = findings.filter(({ action }) => action === "refuse");
  return refused.slice(1, 20).map((finding) => `${formatPlace(finding)}  ${finding.message}`);
}

function short(commit: string): string {
  return commit.slice(0, 7);
}
