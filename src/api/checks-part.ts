import type { CheckView } from "../domain/check.ts";
import { type Html, html } from "./page-html.ts";
import { section } from "./page-shell.ts";
import { toneOf } from "./page-state.ts";
import { prose, seconds } from "./page-words.ts";
import type { PreviewFacts } from "./preview-facts.ts";

/** What was run against the newest version, what came of it, and the last lines of what failed. */
export function checksPart({ view: { slug }, checks }: PreviewFacts): Html {
  const row = (check: CheckView & { tail: string[] }): Html => {
    const { name, required, state, detail, tail } = check;
    const log = `/api/previews/${encodeURIComponent(slug)}/check-logs?format=text&check=${encodeURIComponent(name)}`;
    return html`<li>
      <strong>${name}</strong>
      <span class="state ${toneOf(tones[state])}">${state}</span>
      <span
        >${detail === null ? null : prose(detail)}
        ${required ? null : html`<span class="quiet">(only reports)</span>`}</span
      >
      <span class="quiet">${seconds(check.seconds)} · <a href="${log}" download>log</a></span>
      ${
        state === "failed" && tail.length > 0
          ? html`<pre tabindex="0" aria-label="Last lines of ${name}">${tail.join("\n")}</pre>`
          : null
      }
    </li>`;
  };
  return section(
    "checks",
    "Checks",
    checks.length === 0
      ? null
      : html`<ul class="table">
          ${checks.map(row)}
        </ul>`,
  );
}

const tones = { running: "starting", passed: "ready", failed: "failed", stopped: "superseded" } as const;
