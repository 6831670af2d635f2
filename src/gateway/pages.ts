import { createHash } from "node:crypto";
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Clock } from "../domain/time.ts";
import { type Answer, plainAnswer } from "./answer.ts";
import type { ForwardFailure } from "./failure.ts";
import {
  type Announcement,
  type PageModel,
  type PageSource,
  announce,
  cleanText,
  fullName,
  modelFor,
  nothingOf,
  rowSpan,
  shortCommit,
} from "./page-model.ts";
import { pageTitle, renderBody, renderParts } from "./page-parts.ts";
import { pageScript } from "./page-script.ts";
import { renderDocument, stylesheet } from "./page-shell.ts";
import { type Refusal, refusals } from "./refusals.ts";
import type { Route } from "./route-table.ts";

/** Makes our answers on a preview's own host, in the form that the client asked for. */
export type Pages = {
  /** For a route without upstream. */
  readonly forRoute: (route: Route, req: Pick<IncomingMessage, "headers">) => Answer;
  /** For a route whose upstream gave no answer. */
  readonly forFailure: (route: Route, req: Pick<IncomingMessage, "headers">, failure: ForwardFailure) => Answer;
  /** For a host that no preview has. */
  readonly forUnknown: (host: string, req: Pick<IncomingMessage, "headers">) => Answer;
  /** For a visitor who may not look: nothing but the name, which is part of the address. */
  readonly forRefusal: (route: Route, req: Pick<IncomingMessage, "headers">, told: Refused) => Answer;
};

type Refused = Pick<PageModel, "links"> & {
  readonly refusal: Refusal;
  /** Seconds, or null. */
  readonly retryAfter: number | null;
};

/** Builds the pages on their facts; `clock` only tells how long things take so far. */
export function createPages(source: Pick<PageSource, "view">, clock: Clock): Pages {
  const modelOf = (route: Route): PageModel => modelFor(source, route);
  return {
    forRoute(route, req) {
      const model = modelOf(route);
      return renderPage(model, {
        announcement: announce(model),
        accept: req.headers.accept,
        nowMs: clock.now(),
        live: true,
      });
    },
    forFailure(route, req, failure) {
      const model = unreachable(modelOf(route), route, failure);
      const announcement = { status: failure.status, retryAfter: 5, ...failureWords[failure.reason] };
      // Not live: its events would say that the site is there, and the page would reload without end.
      return renderPage(model, { announcement, accept: req.headers.accept, nowMs: clock.now(), live: false });
    },
    forUnknown(host, { headers: { accept } }) {
      if (formOf(accept ?? "") !== "html") return plainAnswer(404, `${unknownWords.headline}.`);
      const model: PageModel = { ...nothingOf(host), state: "gone" };
      return renderPage(model, { announcement: unknownWords, accept, nowMs: clock.now(), live: false });
    },
    forRefusal({ slug }, req, { refusal, retryAfter, links }) {
      const model: PageModel = { ...nothingOf(slug), state: "blocked", links };
      const { program = "", ...words } = refusals[refusal];
      const isPerson = formOf(req.headers.accept ?? "") === "html";
      const sentence = isPerson || program === "" ? words.sentence : `${words.sentence} ${program}`;
      const announcement = { ...words, sentence, retryAfter };
      return renderPage(model, { announcement, accept: req.headers.accept, nowMs: clock.now(), live: false });
    },
  };
}

const unknownWords: Announcement = {
  status: 404,
  retryAfter: null,
  headline: "No preview has this name",
  sentence: "Its address may be mistyped: the right one is in Mayfly's comment on the pull request.",
};

type Rendering = {
  readonly announcement: Announcement;
  readonly accept: string | undefined;
  readonly nowMs: number;
  readonly live: boolean;
};

/** One set of facts as HTML for people, as problem+json (RFC 9457) or plain text for programs. */
export function renderPage(model: PageModel, { announcement, accept = "", nowMs, live }: Rendering): Answer {
  const { status, retryAfter } = announcement;
  const form = formOf(accept);
  const headers = {
    "Content-Type": contentTypes[form],
    "Cache-Control": "no-store",
    Vary: "Accept",
    "X-Content-Type-Options": "nosniff",
    ...(retryAfter === null ? {} : { "Retry-After": String(retryAfter) }),
  };
  if (form === "text") return { status, headers, body: asText(model, announcement, nowMs) };
  if (form === "json") return { status, headers, body: asProblem(model, announcement) };
  const body = renderDocument({
    title: pageTitle(model, announcement),
    state: live || status < 500 ? model.state : "unreachable",
    body: renderBody(model, renderParts(model, announcement, nowMs)),
    refreshSeconds: retryAfter,
    script: live ? pageScript : null,
  });
  return { status, headers: { ...headers, "Content-Security-Policy": policy, "Referrer-Policy": "no-referrer" }, body };
}

const contentTypes = {
  html: "text/html; charset=utf-8",
  json: "application/problem+json",
  text: "text/plain; charset=utf-8",
} as const;

// Nothing but our own two constants runs or styles; the texts on the page are everybody's.
const policy = [
  "default-src 'none'",
  `style-src '${hashOf(stylesheet)}'`,
  `script-src '${hashOf(pageScript)}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function formOf(accept: string): keyof typeof contentTypes {
  if (/\btext\/html\b|\bapplication\/xhtml\+xml\b/i.test(accept)) return "html";
  return /\bjson\b/i.test(accept) ? "json" : "text";
}

const failureWords: Record<ForwardFailure["reason"], Pick<Announcement, "headline" | "sentence">> = {
  unreachable: { headline: "The application does not answer", sentence: "Its container refuses connections." },
  "connect-timeout": { headline: "The application does not answer", sentence: "Its container cannot be reached." },
  "answer-timeout": {
    headline: "The application is too slow",
    sentence: "It took the request and did not answer in time.",
  },
  died: { headline: "The application broke off", sentence: "It closed the connection before it answered." },
  "not-http": { headline: "The application does not speak HTTP", sentence: "What it sent is not a valid answer." },
  cut: {
    headline: "The application was replaced",
    sentence: "This request took longer than its old version could stay.",
  },
};

function unreachable(model: PageModel, { service, upstream }: Route, { code }: ForwardFailure): PageModel {
  const where = `${service ?? "upstream"}${upstream === null ? "" : ` on port ${upstream.port}`} (${code})`;
  const what = "The preview is up, but this request got no answer.";
  const now = "See the service's log. It must listen on 0.0.0.0 and on the routed port.";
  return { ...model, reason: null, failure: { what, where, now }, timeline: [] };
}

function asText(model: PageModel, { headline, sentence }: Announcement, nowMs: number): string {
  const { slug, failure, timeline, log } = model;
  const commit = shortCommit(model);
  const about = [model.repository === "" ? "" : fullName(model), commit].filter((text) => text !== "").join(", ");
  const lines = [`${slug}${about === "" ? "" : ` (${about})`}: ${headline}`, sentence];
  if (failure !== null) lines.push("", ...[failure.what, failure.where, failure.now].filter((line) => line !== ""));
  if (timeline.length > 0) lines.push("");
  for (const row of timeline) lines.push(`${row.label.padEnd(24)} ${rowSpan(row, nowMs).padStart(8)}  ${row.state}`);
  if (log.length > 0) lines.push("", ...log.map((line) => `  ${line}`));
  return `${lines.map(cleanText).join("\n")}\n`;
}

function asProblem(model: PageModel, { status, headline, sentence }: Announcement): string {
  const { slug, repository, number, title, commit, state, failure, timeline, log } = model;
  const preview = { slug, repository, number, title, commit, state };
  return JSON.stringify({
    type: "about:blank",
    title: STATUS_CODES[status],
    status,
    detail: `${headline}. ${sentence}`,
    preview,
    failure,
    timeline,
    log,
  });
}
