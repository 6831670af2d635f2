import {
  type Announcement,
  type PageModel,
  type TimelineRow,
  cleanText,
  fullName,
  rowSpan,
  shortCommit,
} from "./page-model.ts";
import { type Html, markup, raw } from "./page-shell.ts";

/** The sections of a page in their order: all always there, empty ones hidden, so that each can be replaced alone. */
export type PageParts = ReadonlyMap<string, string>;

/** Renders the sections. The same model, announcement and second give the same text. */
export function renderParts(model: PageModel, announcement: Announcement, nowMs: number): PageParts {
  const parts: [string, Html][] = [
    ["status", statusPart(model, announcement)],
    ["failure", failurePart(model)],
    ["log", logPart(model)],
    ["timeline", timelinePart(model, nowMs)],
    ["links", linksPart(model)],
  ];
  return new Map(parts.map(([id, part]) => [id, part.html]));
}

/** The page's body around its sections. */
export function renderBody(model: PageModel, parts: PageParts): Html {
  return markup`<div class="page">
<header><strong><bdi>${cleanText(model.slug)}</bdi></strong>${model.repository === "" ? null : markup`<span><bdi>${cleanText(fullName(model))}</bdi></span>`}</header>
<main>
${[...parts.values()].map((part) => raw(part))}
</main>
<footer><p>A preview by Mayfly</p></footer>
</div>`;
}

/** The browser tab's title, which says the state first. */
export function pageTitle(model: PageModel, { headline }: Announcement): string {
  return cleanText(`${headline} – ${model.slug}`);
}

function statusPart(model: PageModel, announcement: Announcement): Html {
  const running = model.timeline.findLast((row) => row.state === "running");
  const commit = announcement.headline.includes(shortCommit(model)) ? "" : shortCommit(model);
  // A polite live region without any running time: a reader hears each step once, not each second.
  return markup`<section id="status" role="status" data-state="${model.state}" data-title="${pageTitle(model, announcement)}">
<h1>${cleanText(announcement.headline)}</h1>
<p class="lead">${prose(announcement.sentence)}</p>
<p class="quiet">${[
    model.title === "" ? null : markup`<bdi>${cleanText(model.title)}</bdi>`,
    model.title !== "" && commit !== "" ? " · " : null,
    commit === "" ? null : markup`<code>${cleanText(commit)}</code>`,
    running === undefined ? null : markup`<span class="hidden">. Now: ${cleanText(running.label)}.</span>`,
  ]}</p>
</section>`;
}

function failurePart({ failure }: PageModel): Html {
  if (failure === null) return markup`<section id="failure" hidden></section>`;
  const { where, now } = failure;
  const [what = "", ...lines] = failure.what.split("\n");
  return markup`<section id="failure" class="failure" aria-label="What went wrong">
<p class="what">${prose(what)}</p>
${lines.length === 0 ? null : markup`<p><code>${cleanText(lines.join("\n"))}</code></p>`}
${where === "" ? null : markup`<p><code>${cleanText(where)}</code></p>`}
${now === "" ? null : markup`<p>${prose(now)}</p>`}
</section>`;
}

/** A text in which backticks mark what is typed, as in the comment on the pull request. */
function prose(text: string): (string | Html)[] {
  const pieces = cleanText(text).split(/`([^`]+)`/);
  return pieces.map((piece, i) => (i % 2 === 1 ? markup`<code>${piece}</code>` : piece));
}

function timelinePart({ timeline }: PageModel, nowMs: number): Html {
  const started = timeline.filter((row) => row.state !== "waiting");
  const from = Math.min(...started.map((row) => row.startMs));
  const to = Math.max(...started.map((row) => row.endMs ?? nowMs));
  if (timeline.length === 0) return markup`<section id="timeline" hidden></section>`;
  return markup`<section id="timeline" aria-labelledby="timeline-title">
<h2 id="timeline-title">Timeline</h2>
<ol class="bars">${timeline.map((row) => timelineRow(row, { from, to, nowMs }))}</ol>
</section>`;
}

function timelineRow(row: TimelineRow, { from, to, nowMs }: { from: number; to: number; nowMs: number }): Html {
  const scale = 100 / Math.max(to - from, 1000);
  const x = Math.min((row.startMs - from) * scale, 99);
  const width = Math.min(Math.max(((row.endMs ?? nowMs) - row.startMs) * scale, 1), 100 - x);
  // Geometry as attributes: a style attribute would need a hole in the content security policy.
  const bar = markup`<rect class="bar" x="${x.toFixed(2)}%" width="${width.toFixed(2)}%" height="8" rx="4" />`;
  const label = cleanText(row.label);
  return markup`<li class="${row.state}"><span class="label" title="${label}">${label}</span>
<svg aria-hidden="true"><rect class="track" width="100%" height="8" rx="4" />${row.state === "waiting" ? null : bar}</svg>
<span class="span">${rowSpan(row, nowMs)}<span class="hidden"> ${row.state}</span></span></li>`;
}

function logPart({ log }: PageModel): Html {
  if (log.length === 0) return markup`<section id="log" hidden></section>`;
  return markup`<section id="log" class="log" aria-labelledby="log-title">
<h2 id="log-title">Last lines</h2>
<pre tabindex="0" aria-labelledby="log-title">${log.map((line) => cleanText(line)).join("\n")}</pre>
</section>`;
}

function linksPart({ links }: PageModel): Html {
  const safe = links.filter(({ href }) => /^https?:\/\//i.test(href));
  if (safe.length === 0) return markup`<section id="links" hidden></section>`;
  return markup`<section id="links"><nav aria-label="Related">
<ul class="links">${safe.map(({ label, href }) => markup`<li><a href="${cleanText(href)}" rel="noreferrer">${cleanText(label)}</a></li>`)}</ul>
</nav></section>`;
}
