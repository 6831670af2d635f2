import type { TimelineEvent } from "../domain/preview.ts";
import { formatSpan } from "../domain/time.ts";
import { type Html, html } from "./page-html.ts";
import { section } from "./page-shell.ts";
import type { PreviewFacts } from "./preview-facts.ts";

/** The newest attempt as bars on one time axis. */
export function timelinePart({ newest, timeline, now }: PreviewFacts): Html {
  if (newest === null || timeline.length === 0) return section("timeline", "Timeline", null);
  const from = Math.min(...timeline.map((event) => event.startedAt));
  const to = Math.max(...timeline.map((event) => event.endedAt ?? now));
  const axis = { from, spanMs: Math.max(to - from, 1000), now };
  const bars = html`<ol class="bars">
      ${timeline.map((event) => bar(event, axis))}
    </ol>
    <p class="axis" aria-hidden="true">
      <span>0 s</span><span>${formatSpan(axis.spanMs / 2)}</span><span>${formatSpan(axis.spanMs)}</span>
    </p>`;
  return section("timeline", `Timeline of ${newest.commit.slice(0, 7)}`, bars);
}

type Axis = { from: number; spanMs: number; now: number };

function bar({ name, startedAt, endedAt, outcome, detail }: TimelineEvent, { from, spanMs, now }: Axis): Html {
  const tookMs = (endedAt ?? now) - startedAt;
  const x = Math.min(((startedAt - from) / spanMs) * 100, 99.5);
  const width = Math.min(Math.max((tookMs / spanMs) * 100, 0.5), 100 - x);
  // Geometry as attributes: a style attribute would need a hole in the content security policy.
  return html`<li class="${outcome}">
    <span class="label" title="${detail ?? name}">${name}</span>
    <svg aria-hidden="true">
      <rect class="track" width="100%" height="8" rx="4" />
      <rect class="bar" x="${x.toFixed(2)}%" width="${width.toFixed(2)}%" height="8" rx="4" />
    </svg>
    <span class="span">${formatSpan(tookMs)}<span class="hidden"> ${outcome}</span></span>
  </li>`;
}
