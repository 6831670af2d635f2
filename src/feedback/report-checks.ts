import type { CheckView } from "../domain/check.ts";
import { formatSpan } from "../domain/time.ts";
import type { PreviewView } from "../domain/view.ts";
import { code, link } from "./markdown.ts";
import { maskSecrets } from "./masking.ts";
import type { CommitReport } from "./report-commit.ts";
import { masked, type ReportDetails } from "./report-details.ts";

/** What to say of the commit for each check, under its own name. */
export type CheckReport = CommitReport & { name: string };

/** How many stand in the comment; the page has all. */
const most = 6;

/** Each check of the newest attempt as something of its own on the commit. */
export function reportChecks(view: PreviewView, details: ReportDetails): CheckReport[] {
  const { newest } = view;
  if (newest === null) return [];
  return view.checks.map((check) => ({
    name: check.name,
    commit: newest.commit,
    state: states[check.state],
    description: maskSecrets(wordsOf(check), details.secrets),
    targetUrl: `${details.pageUrl}#checks`,
  }));
}

const states = { running: "pending", passed: "success", failed: "failure", stopped: "error" } as const;

/** The comment's line about checks; null where there are none. */
export function checksSection({ checks }: PreviewView, details: ReportDetails): string | null {
  if (checks.length === 0) return null;
  const { prose } = masked(details);
  const told = checks.slice(0, most).map((check) => {
    const words = wordsOf(check);
    return `${link(code(check.name), `${details.pageUrl}#checks`)} ${prose(words.charAt(0).toLowerCase() + words.slice(1), 120)}`;
  });
  const more = checks.length > most ? [`${checks.length - most} more`] : [];
  return `Checks: ${[...told, ...more].join(" · ")}`;
}

function wordsOf({ state, detail, seconds, required }: CheckView): string {
  const span = formatSpan(seconds * 1000);
  const only = required ? "" : " (only reports)";
  switch (state) {
    case "running":
      return `Running${only}`;
    case "passed":
      return `Passed in ${span}${only}`;
    case "failed":
      return `Failed in ${span}${only}: it ${detail ?? "gave no reason"}`;
    case "stopped":
      return `Ended without a result${only}; \`/redeploy\` runs it again`;
  }
}
