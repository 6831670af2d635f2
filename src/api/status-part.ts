import type { Failure } from "../domain/errors.ts";
import type { Access } from "../domain/access.ts";
import { formatPlace } from "../domain/errors.ts";
import { isUnderWay } from "../domain/preview.ts";
import { formatMoment } from "../domain/time.ts";
import type { PreviewView } from "../domain/view.ts";
import { type Html, html } from "./page-html.ts";
import { stateWord, toneOf } from "./page-state.ts";
import { ago, ahead, commitLink, prose, pullLink, seconds } from "./page-words.ts";
import type { PreviewFacts } from "./preview-facts.ts";

/** The link first, then what serves and what the newest attempt did, then why it failed. */
export function statusPart(facts: PreviewFacts): Html {
  const { view, webUrl } = facts;
  return html`<section id="status" data-title="${stateWord(view)} – ${view.slug}">
    <h1>${view.phase === "gone" ? view.slug : html`<a href="${view.link}">${view.slug}</a>`}</h1>
    <p class="quiet">
      ${pullLink(view, webUrl)}
      <bdi>${view.title}</bdi>${view.author === "" ? null : html`, by <bdi>${view.author}</bdi>`}
    </p>
    <dl class="facts">
      <div>
        <dt>State</dt>
        <dd role="status">${stateWords(view)}</dd>
      </div>
      <div>
        <dt>Serves</dt>
        <dd>${servesWords(facts)}</dd>
      </div>
      ${newestPart(facts)} ${rollbackPart(facts)} ${otherRoutes(view)} ${dataPart(view)} ${accessPart(view)}
      ${allowedPart(view)} ${visitPart(facts)} ${endPart(facts)}
    </dl>
    ${view.newest?.failure ? failureBlock(view.newest.failure) : null}
  </section>`;
}

/** Which data it has, what became of it, and what can be had back. */
function dataPart({ data, dataNotes, retired }: PreviewView): Html | null {
  if (data === null && dataNotes.length + retired.length === 0) return null;
  const kept = retired.map(({ id, service, cause, until }) => {
    return `${service} ${id} was replaced, stays until ${formatMoment(until)}: ${cause}`;
  });
  const lines = [...(data === null ? [] : [data]), ...dataNotes, ...kept];
  return fact(
    "Data",
    html`<ul class="inline">
      ${lines.map((line) => html`<li>${prose(line)}</li>`)}
    </ul>`,
  );
}

function fact(name: string, words: Html): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${words}</dd>
  </div>`;
}

function stateWords(view: PreviewView): Html {
  const { phase, reason, asleep } = view;
  const state = html`<span class="state ${toneOf(phase)}">${stateWord(view)}</span>`;
  // Why an attempt failed stands below, whole.
  if (asleep !== null && reason === null) return html`${state} (${asleep}): a visit wakes it`;
  return reason === null || phase === "failed" ? state : html`${state}: ${prose(reason)}`;
}

function servesWords({ view: { serving, repository }, webUrl, now }: PreviewFacts): Html {
  if (serving === null) return html`<span class="quiet">nothing now</span>`;
  return html`${commitLink(serving.commit, repository, webUrl)} ready ${ago(serving.readyAt, now)}, in
  ${seconds(serving.seconds)}`;
}

/** Null where it is what serves: one fact is not told twice. */
function newestPart({ view: { newest, serving, repository }, webUrl }: PreviewFacts): Html | null {
  if (newest === null || newest.generation === serving?.generation) return null;
  const state = html`<span class="state ${toneOf(newest.phase)}">${newest.phase}</span>`;
  return fact(
    "Newest attempt",
    html`${commitLink(newest.commit, repository, webUrl)} ${state} ${isUnderWay(newest) ? "for" : "after"}
    ${seconds(newest.seconds)} · ${newest.cause}`,
  );
}

/** Null where nobody rolled back. */
function rollbackPart({ view: { rolledBack, repository }, webUrl }: PreviewFacts): Html | null {
  if (rolledBack === null) return null;
  const commit = commitLink(rolledBack.commit, repository, webUrl);
  return fact("Rolled back", html`to ${commit}, with the data of now; the next push deploys again`);
}

const accessWords: Record<Exclude<Access, "public">, string> = {
  link: "whoever has its link",
  "sign-in": "whoever signs in and may read the repository",
};

function accessPart({ access, slug, phase, serving }: PreviewView): Html | null {
  if (access === "public" || phase === "gone") return null;
  const share = html`<span class="quiet">· <code>mayfly share ${slug}</code> makes a link for others that ends</span>`;
  return fact("Opens for", html`${accessWords[access]} ${serving === null ? null : share}`);
}

/** Null for what does nothing that others may not. */
function allowedPart({ allowed }: PreviewView): Html | null {
  if (allowed.length === 0) return null;
  return fact("Allowed", html`<code>${allowed.join(", ")}</code>, by the operator`);
}

function visitPart({ view: { lastVisitAt }, now }: PreviewFacts): Html | null {
  return lastVisitAt === null ? null : fact("Last visit", ago(lastVisitAt, now));
}

/** Null for what is not there, or has no end. */
function endPart({ view: { pinned, expiresAt }, now }: PreviewFacts): Html | null {
  if (pinned) return fact("Expires", html`when the pull request is closed: it is pinned`);
  if (expiresAt === null) return null;
  return fact("Expires", html`in ${ahead(expiresAt, now)}, unless somebody visits it or pushes`);
}

function otherRoutes({ routes, url }: PreviewView): Html | null {
  const others = routes.filter((route) => route.url !== url);
  if (others.length === 0) return null;
  const links = others.map((route) => html`<li><a href="${route.link}">${route.service}</a></li>`);
  return fact(
    "Other routes",
    html`<ul class="inline">
      ${links}
    </ul>`,
  );
}

/** What, where, what now; then the last lines, and each finding with its place. */
function failureBlock({ what, where, now, logTail, findings, suspects = [] }: Failure): Html {
  const refused = findings.filter(({ action }) => action === "refuse");
  return html`<div class="failure" aria-label="What went wrong" role="group">
    <p class="what">${prose(what)}</p>
    ${where === null ? null : html`<p><code>${where}</code></p>`}
    <p>${prose(now)}</p>
    ${suspects.slice(1).map((each) => html`<p>Also: ${prose(each.what)}. ${prose(each.now)}</p>`)}
    ${
      refused.length < 2
        ? null
        : html`<ul>
            ${refused.map((each) => html`<li><code>${formatPlace(each)}</code> ${prose(each.message)}</li>`)}
          </ul>`
    }
    ${logTail.length === 0 ? null : html`<pre tabindex="0" aria-label="Last lines">${logTail.join("\n")}</pre>`}
  </div>`;
}
