import type { AuditEntry } from "../domain/audit.ts";
import { nameOfAsker } from "../domain/audit.ts";
import { type Html, html } from "./page-html.ts";
import { section } from "./page-shell.ts";
import { ago } from "./page-words.ts";
import type { PreviewFacts } from "./preview-facts.ts";

/** Who did what to the preview lately. Addresses are for admins: `mayfly audit`. */
export function auditPart({ audit, now }: PreviewFacts): Html {
  if (audit.length === 0) return section("audit", "Audit", null);
  const row = (entry: AuditEntry): Html =>
    html`<li>
      <strong>${entry.action}</strong>
      <span
        >${nameOfAsker(entry)}${entry.via === "mayfly" ? null : html` <span class="quiet">${doors[entry.via]}</span>`}</span
      >
      <span
        >${entry.outcome === "done" ? null : html`<span class="state bad">${entry.outcome}</span> `}${entry.detail ?? ""}</span
      >
      <span class="quiet">${ago(entry.at, now)}</span>
    </li>`;
  return section(
    "audit",
    "Audit",
    html`<ul class="table">
      ${audit.map(row)}
    </ul>`,
  );
}

const doors = {
  comment: "in a comment",
  dashboard: "on the dashboard",
  api: "over the API",
  cli: "on the command line",
};
