import type { Failure } from "../domain/errors.ts";
import { formatPlace } from "../domain/errors.ts";
import type { PreviewView } from "../domain/view.ts";
import { type Html, html } from "./page-html.ts";
import { toneOf } from "./page-state.ts";
import { ago, ahead, commitLink, pullLink, seconds } from "./page-words.ts";
import type { PreviewFacts } from "./preview-facts.ts";

/** The link first, then what serves and what the newest attempt did, then why it failed. */
export function statusPart(facts: PreviewFacts): Html {
  const { view, webUrl } = facts;
  return html`<section id="status" data-title="${view.phase} – ${view.slug}">
    <h1>${view.phase === "gone" ? view.slug : html`<a href="${view.link}">${view.slug}</a>`}</h1>
    <p class="quiet">
      ${pullLink(view, webUrl)}
      <bdi>${view.title}</bdi>${view.author === "" ? null : html`, by <bdi>${view.author}</bdi>`}
    </p>
    <dl class="facts">
      <div>
        <dt>State</dt>
        <dd role="status">
          <span class="state ${toneOf(view.phase)}">${view.phase}</span> ${view.phase === "failed" ? null : view.reason}
        </dd>
      </div>
      <div>
        <dt>Serves</dt>
        <dd>${servesWords(facts)}</dd>
      </div>
      <div>
        <dt>Newest attempt</dt>
        <dd>${newestWords(facts)}</dd>
      </div>
      ${
        view.data === null
          ? null
          : html`<div>
              <dt>Data</dt>
              <dd>${view.data}</dd>
            </div>`
      }
      ${keptPart(facts)} ${otherRoutes(view)}
    </dl>
    ${view.newest?.failure ? failureBlock(view.newest.failure) : null}
  </section>`;
}

function servesWords({ view: { serving, repository }, webUrl, now }: PreviewFacts): Html {
  if (serving === null) return html`<span class="quiet">nothing now</span>`;
  return html`${commitLink(serving.commit, repository, webUrl)} ready ${ago(serving.readyAt, now)}, in
  ${seconds(serving.seconds)}`;
}

function newestWords({ view: { newest, repository }, webUrl }: PreviewFacts): Html {
  if (newest === null) return html`<span class="quiet">none yet</span>`;
  const state = html`<span class="state ${toneOf(newest.phase)}">${newest.phase}</span>`;
  return html`${commitLink(newest.commit, repository, webUrl)} ${state} after ${seconds(newest.seconds)} ·
  ${newest.cause}`;
}

/** Null for what is not there, or has no end. */
function keptPart({ view: { pinned, expiresAt, lastVisitAt }, now }: PreviewFacts): Html | null {
  if (!pinned && expiresAt === null) return null;
  const term = expiresAt === null ? "pinned" : html`for ${ahead(expiresAt, now)} without a push or a visit`;
  return html`<div>
    <dt>Kept</dt>
    <dd>${term}${lastVisitAt === null ? null : html`, last visited ${ago(lastVisitAt, now)}`}</dd>
  </div>`;
}

function otherRoutes({ routes, url }: PreviewView): Html | null {
  const others = routes.filter((route) => route.url !== url);
  if (others.length === 0) return null;
  const links = others.map((route) => html`<li><a href="${route.link}">${route.service}</a></li>`);
  return html`<div>
    <dt>Also</dt>
    <dd>
      <ul class="inline">
        ${links}
      </ul>
    </dd>
  </div>`;
}

/** What, where, what now; then the last lines, and each finding with its place. */
function failureBlock({ what, where, now, logTail, findings }: Failure): Html {
  return html`<div class="failure" aria-label="What went wrong" role="group">
    <p class="what">${what}</p>
    ${where === null ? null : html`<p><code>${where}</code></p>`}
    <p>${now}</p>
    ${
      findings.length < 2
        ? null
        : html`<ul>
            ${findings.map((each) => html`<li><code>${formatPlace(each)}</code> ${each.message}</li>`)}
          </ul>`
    }
    ${logTail.length === 0 ? null : html`<pre tabindex="0" aria-label="Last lines">${logTail.join("\n")}</pre>`}
  </div>`;
}
