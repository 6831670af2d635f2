import { formatSpan } from "../domain/time.ts";
import { type Html, html } from "./page-html.ts";

const exact = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: "UTC" });

/** A moment as people tell it, the exact one in its title; times in epoch milliseconds. */
export function ago(at: number, now: number): Html {
  return html`<span title="${exact.format(at)} UTC">${formatSpan(now - at)} ago</span>`;
}

/** How long ago something began, the exact moment in its title; times in epoch milliseconds. */
export function age(since: number, now: number): Html {
  return html`<span title="${exact.format(since)} UTC">${formatSpan(now - since)} old</span>`;
}

/** How long until a moment, the exact one in its title; times in epoch milliseconds. */
export function ahead(at: number, now: number): Html {
  return html`<span title="${exact.format(at)} UTC">${formatSpan(at - now)}</span>`;
}

/** A sentence in which backticks mark what is typed, as in the comment on the pull request. */
export function prose(text: string): Html {
  const pieces = text.split(/`([^`]+)`/);
  return html`${pieces.map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : html`${piece}`))}`;
}

/** How long something took. */
export function seconds(value: number): Html {
  return html`<span title="${value.toFixed(3)} s">${formatSpan(value * 1000)}</span>`;
}

/** A commit as people read it, with a link to the whole; `webUrl` is null where no forge has it. */
export function commitLink(commit: string, repository: string, webUrl: string | null): Html {
  if (webUrl === null) return html`<code>${commit.slice(0, 7)}</code>`;
  const href = `${webUrl}/${encodeURI(repository)}/commit/${encodeURIComponent(commit)}`;
  return html`<a class="commit" href="${href}" rel="noreferrer"><code>${commit.slice(0, 7)}</code></a>`;
}

/** `acme/shop#42`, with a link to the pull request; the repository alone where no forge has it. */
export function pullLink({ repository, number }: { repository: string; number: number }, webUrl: string | null): Html {
  if (webUrl === null) return html`${repository}`;
  const href = `${webUrl}/${encodeURI(repository)}/pull/${number}`;
  return html`<a href="${href}" rel="noreferrer">${repository}#${number}</a>`;
}
