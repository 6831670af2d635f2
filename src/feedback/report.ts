import type { PreviewView } from "../domain/view.ts";
import { type CheckReport, reportChecks } from "./report-checks.ts";
import { type CommitReport, reportCommit } from "./report-commit.ts";
import { type DeploymentReport, reportDeployments } from "./report-deployments.ts";
import type { ReportDetails } from "./report-details.ts";
import { headline } from "./report-headline.ts";
import { sections } from "./report-sections.ts";

/** What the pull request should say now. */
export type Report = {
  comment: string;
  /** Whether it is worth a first comment; what goes, or was never wanted, only changes the one that is there. */
  isNews: boolean;
  status: CommitReport | null;
  checks: CheckReport[];
  deployments: DeploymentReport[];
};

/**
 * Puts into words what is so: the sticky comment (Markdown, under 60 lines, its first line enough by itself), the
 * commit status and GitHub's deployments. Pure; everything of others is escaped and masked.
 */
export function report(view: PreviewView, details: ReportDetails): Report {
  return {
    comment: [headline(view, details), ...sections(view, details), commentMarker(view.key)].join("\n\n"),
    isNews: details.preview.spec.wanted !== "absent",
    status: reportCommit(view, details),
    checks: reportChecks(view, details),
    deployments: reportDeployments(view, details),
  };
}

/** How our comment on a pull request is known again. */
export function commentMarker(previewKey: string): string {
  return `<!-- mayfly:preview ${previewKey} -->`;
}
