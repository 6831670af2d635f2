import type { Phase, PreviewView } from "../domain/view.ts";
import { actionsMenu } from "./actions-menu.ts";
import type { Parts } from "./live-parts.ts";
import { type Html, html } from "./page-html.ts";
import { stateFacts } from "./page-state.ts";
import { age, ago, ahead, prose } from "./page-words.ts";
import type { Sight } from "./sight.ts";
import type { ApiWorld } from "./world.ts";

/** What the list is narrowed to; empty strings narrow nothing. */
export type ListFilter = { q: string; repository: string; state: string };

/** Whom the list is for. */
export type Reader = { sight: Sight; formToken: string };

/** The sections that change: what is short, the numbers and the rows. */
export async function listParts(world: ApiWorld, filter: ListFilter, reader: Reader): Promise<Parts> {
  const previews = (await reader.sight.previews()).filter(matches(filter));
  const rows = await Promise.all(previews.map((view) => row(view, world.clock.now(), reader)));
  return new Map([
    ["notices", noticesPart(reader.sight.notices())],
    ["numbers", numbersPart(await reader.sight.numbers())],
    ["rows", rowsPart(rows, filter)],
  ]);
}

/** The list around its sections. */
export async function listBody(world: ApiWorld, filter: ListFilter, reader: Reader): Promise<Html[]> {
  const parts = await listParts(world, filter, reader);
  const form = filterForm(await reader.sight.previews(), filter);
  return [html`<h1>Previews</h1>`, part(parts, "notices"), part(parts, "numbers"), form, part(parts, "rows")];
}

function part(parts: Parts, id: string): Html {
  return parts.get(id) ?? html``;
}

function noticesPart(notices: readonly string[]): Html {
  return html`<div id="notices" role="status">
    ${notices.map((each) => html`<p class="notice">${prose(each)}</p>`)}
  </div>`;
}

function numbersPart({ up, asleep, waiting, orphans }: Awaited<ReturnType<Sight["numbers"]>>): Html {
  const facts: [string, number | null][] = [
    ["up", up],
    ["asleep", asleep],
    ["waiting", waiting],
    ["orphans", orphans],
  ];
  return html`<p id="numbers" class="numbers">
    ${facts.map(([name, count]) => (count === null ? null : html`<span><strong>${count}</strong> ${name}</span> `))}
  </p>`;
}

const states: readonly Phase[] = [
  "ready",
  "asleep",
  "pending",
  "building",
  "starting",
  "failed",
  "blocked",
  "removing",
];

function filterForm(previews: readonly PreviewView[], { q, repository, state }: ListFilter): Html {
  const repositories = [...new Set(previews.map((preview) => preview.repository))].toSorted();
  return html`<form class="filter" role="search" method="get" action="/">
    <input
      type="search"
      name="q"
      value="${q}"
      placeholder="Search"
      aria-label="Search by name, title, author or branch"
    />
    <select name="repository" aria-label="Repository">
      <option value="">All repositories</option>
      ${repositories.map((each) => option(each, repository))}
    </select>
    <select name="state" aria-label="State">
      <option value="">All states</option>
      ${states.map((each) => option(each, state))}
    </select>
    <button>Filter</button>
  </form>`;
}

function option(value: string, chosen: string): Html {
  return value === chosen
    ? html`<option value="${value}" selected>${value}</option>`
    : html`<option value="${value}">${value}</option>`;
}

function matches({ q, repository, state }: ListFilter): (view: PreviewView) => boolean {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return (view) => {
    const text = [view.slug, `${view.repository}#${view.number}`, view.title, view.author, view.branch]
      .join("\n")
      .toLowerCase();
    const isState = state === "" || view.phase === state || view.newest?.phase === state;
    return (
      isState && (repository === "" || view.repository === repository) && words.every((word) => text.includes(word))
    );
  };
}

function rowsPart(rows: readonly Html[], filter: ListFilter): Html {
  if (rows.length === 0) return html`<div id="rows" class="empty">${emptyWords(filter)}</div>`;
  return html`<ul id="rows" class="rows">
    ${rows}
  </ul>`;
}

function emptyWords({ q, repository, state }: ListFilter): Html {
  if (q + repository + state !== "") return html`<p>No preview fits. <a href="/">Show all</a></p>`;
  return html`<p>No previews yet.</p>
    <p class="quiet">Open a pull request on a repository that sends its webhooks here, and it appears.</p>`;
}

function endWords({ pinned, expiresAt }: PreviewView, now: number): Html | null {
  if (pinned) return html`<span class="quiet">pinned</span>`;
  return expiresAt === null ? null : html`<span class="quiet">${ahead(expiresAt, now)} left</span>`;
}

/** To the site itself, where there is one. */
function openLink({ slug, serving, link }: PreviewView): Html | null {
  return serving === null ? null : html`<a class="open" href="${link}" aria-label="Open ${slug}">Open</a>`;
}

async function row(view: PreviewView, now: number, { sight, formToken }: Reader): Promise<Html> {
  const may = (await sight.mayChange(view)) ? { formToken } : null;
  const commit = view.serving?.commit ?? view.newest?.commit;
  return html`<li id="row-${view.slug}">
    <div class="name">
      <a href="/previews/${encodeURIComponent(view.slug)}">${view.slug}</a> ${openLink(view)}
      <p class="quiet"><bdi>${view.title}</bdi></p>
    </div>
    <p class="facts">${stateFacts(view)}</p>
    <p class="pair">
      ${commit === undefined ? html`<span>–</span>` : html`<code>${commit.slice(0, 7)}</code>`} ${endWords(view, now)}
    </p>
    <p class="pair quiet">
      ${age(view.createdAt, now)}
      ${view.lastVisitAt === null ? null : html`<span>visited ${ago(view.lastVisitAt, now)}</span>`}
    </p>
    ${actionsMenu(view, may)}
  </li>`;
}
