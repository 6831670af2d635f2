import { formatSpan } from "../domain/time.ts";
import type { Route, RouteState } from "./route-table.ts";

/** What a preview's own pages tell. Every text may come from a branch, a pull request or a container: hostile. */
export type PageModel = {
  readonly slug: string;
  /** `owner/name`; "" where it is not known. */
  readonly repository: string;
  readonly number: number;
  readonly title: string;
  /** Full or short; "" before it is known. */
  readonly commit: string;
  readonly state: RouteState;
  /** What serves is replaced by a newer attempt right now. */
  readonly isBeingReplaced?: boolean;
  /** One sentence under the headline: the place in the queue, why it is blocked, why and when it went. */
  readonly reason: string | null;
  readonly failure: { readonly what: string; readonly where: string; readonly now: string } | null;
  readonly timeline: readonly TimelineRow[];
  /** The newest lines, masked. */
  readonly log: readonly string[];
  readonly links: readonly { readonly label: string; readonly href: string }[];
};

export type TimelineRow = {
  readonly label: string;
  readonly startMs: number;
  /** Null while it runs. */
  readonly endMs: number | null;
  readonly state: "waiting" | "running" | "done" | "failed";
};

/** Where pages get their facts, and learn that there are new ones. */
export type PageSource = {
  readonly view: (preview: string) => PageModel | null;
  readonly subscribe: (preview: string, listener: () => void) => () => void;
};

/** What a page says first, and the status that machines get with it. */
export type Announcement = {
  readonly status: number;
  /** Seconds; null where asking again is of no use. */
  readonly retryAfter: number | null;
  readonly headline: string;
  readonly sentence: string;
};

/** The facts that are known of a route alone. */
export function modelOfRoute({ slug, state }: Route): PageModel {
  return { ...nothingOf(slug), state };
}

/** A model that tells nothing but a preview's name. */
export function nothingOf(slug: string): Omit<PageModel, "state"> {
  const nothing = { repository: "", number: 0, title: "", commit: "", reason: null, failure: null };
  return { ...nothing, slug, timeline: [], log: [], links: [] };
}

/** What is known of a route's preview. Where requests wait, it is on its way up, whatever else goes on. */
export function modelFor(source: Pick<PageSource, "view">, route: Route): PageModel {
  const model = source.view(route.preview) ?? modelOfRoute(route);
  if (route.state !== "asleep" || model.state !== "serving") return model;
  return { ...model, state: model.isBeingReplaced === true ? "replacing" : "waking" };
}

const stuck: Announcement = {
  status: 503,
  retryAfter: 15,
  headline: "It did not wake up",
  sentence: "Each visit tries again.",
};

/** What to say of a preview that has no upstream now. */
export function announce(model: PageModel): Announcement {
  if (model.state === "waking" && model.failure !== null) return stuck;
  const { status, retryAfter, headline, sentence } = announcements[model.state];
  return {
    status,
    retryAfter,
    headline: headline(shortCommit(model)),
    sentence:
      model.reason === null
        ? sentence
        : [asSentence(model.reason), ...(retryAfter === null ? [] : [becomes])].join(" "),
  };
}

const becomes = "This page becomes the site by itself.";
const announcements: Record<RouteState, Omit<Announcement, "headline"> & { headline: (commit: string) => string }> = {
  queued: { status: 503, retryAfter: 15, headline: () => "Waiting for its turn", sentence: becomes },
  building: { status: 503, retryAfter: 5, headline: (commit) => `Building${and(commit)}`, sentence: becomes },
  starting: { status: 503, retryAfter: 2, headline: (commit) => `Starting${and(commit)}`, sentence: becomes },
  // The store may know of the swap a moment before the table does.
  serving: { status: 503, retryAfter: 1, headline: (commit) => `Starting${and(commit)}`, sentence: becomes },
  replacing: {
    status: 503,
    retryAfter: 2,
    headline: () => "A database is being replaced",
    sentence: `The newest commit changed its options: it starts anew, on its data. ${becomes}`,
  },
  waking: {
    status: 503,
    retryAfter: 2,
    headline: () => "Waking up",
    sentence: `It sleeps while nobody looks. ${becomes}`,
  },
  asleep: { status: 503, retryAfter: 60, headline: () => "Asleep", sentence: "A visit wakes it." },
  failed: {
    status: 503,
    retryAfter: null,
    headline: (commit) => `${commit || "It"} did not start`,
    sentence: "The next push starts it again, and so does `/redeploy` on the pull request.",
  },
  blocked: {
    status: 403,
    retryAfter: null,
    headline: () => "Not started",
    sentence: "Someone with write access has to allow it first.",
  },
  gone: {
    status: 410,
    retryAfter: null,
    headline: () => "Gone",
    sentence: "This preview was removed. `/deploy` on the pull request brings it back.",
  },
};

/** The commit as people read it; "" while unknown. */
export function shortCommit({ commit }: PageModel): string {
  return commit.slice(0, 7);
}

/** `acme/shop#42`; the slug where the repository is not known. */
export function fullName({ repository, number, slug }: PageModel): string {
  return repository === "" ? slug : `${repository}#${number}`;
}

/** How long a row took or takes, as people tell it; "" while it waits. */
export function rowSpan(row: TimelineRow, nowMs: number): string {
  return row.state === "waiting" ? "" : formatSpan((row.endMs ?? nowMs) - row.startMs);
}

const terminalColor = new RegExp(`${String.fromCodePoint(0x1b)}\\[[0-9;?]*[A-Za-z]`, "g");

/** A text without terminal colors, control and direction-changing characters, which could make a page say something else. */
export function cleanText(text: string): string {
  return text.replace(terminalColor, "").replace(/[[\p{Cc}\p{Bidi_Control}]--[\n\t]]/gv, "");
}

function asSentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?…:]$/.test(capital) ? capital : `${capital}.`;
}

function and(commit: string): string {
  return commit === "" ? "" : ` ${commit}`;
}
