import { formatSpan } from "../domain/time.ts";
import type { PreviewView } from "../domain/view.ts";
import { maskSecrets } from "./masking.ts";
import type { ReportDetails } from "./report-details.ts";

/** What GitHub should show of one generation. Generations that are not named are inactive. */
export type DeploymentReport = {
  generation: number;
  commit: string;
  state: "in_progress" | "success" | "failure";
  description: string;
  url: string;
  logUrl: string;
};

/** The deployment that serves, and the newest attempt when that is another one. */
export function reportDeployments(view: PreviewView, details: ReportDetails): DeploymentReport[] {
  if (view.phase === "blocked" || view.phase === "removing" || view.phase === "gone") return [];
  const links = { url: view.link, logUrl: details.pageUrl };
  const { serving, newest } = view;
  const reports: DeploymentReport[] = [];
  if (serving) {
    const { generation, commit, seconds } = serving;
    reports.push({
      generation,
      commit,
      state: "success",
      description: `Ready in ${formatSpan(seconds * 1000)}`,
      ...links,
    });
  }
  if (newest && newest.generation !== serving?.generation && newest.phase !== "superseded") {
    const { generation, commit, reason } = newest;
    const failed = newest.phase === "failed";
    const description = failed ? maskSecrets(reason ?? "failed", details.secrets) : "Being made";
    reports.push({ generation, commit, state: failed ? "failure" : "in_progress", description, ...links });
  }
  return reports;
}
