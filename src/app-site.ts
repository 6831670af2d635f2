import type { AccessDesk } from "./app-access.ts";
import { ttlOf } from "./app-when.ts";
import { dashboardOriginOf, type ServerConfig } from "./config/server.ts";
import type { Turn } from "./domain/admission.ts";
import { previewHost, previewLink } from "./domain/naming.ts";
import { isUnderWay, newestOf, type Preview, servingOf, type TimelineEvent } from "./domain/preview.ts";
import type { Clock } from "./domain/time.ts";
import { type Phase, type PreviewView, viewPreview } from "./domain/view.ts";
import { maskLines } from "./feedback/masking.ts";
import type { PageModel } from "./gateway/page-model.ts";
import type { RouteState } from "./gateway/route-table.ts";
import type { Store } from "./store/store.ts";

export type Site = ReturnType<typeof createSite>;

type SiteWorld = {
  config: ServerConfig;
  store: Store;
  access: AccessDesk;
  /** The turn of a preview for which there is no room. */
  turnOf(key: string): Turn | null;
  clock: Clock;
  /** Hides secrets in what people of a repository see. */
  mask(text: string, of: Pick<Preview, "repositoryId">): string;
};

/** What people are shown of the previews: the API, the dashboard, the comment and the preview's own pages read it here. */
export function createSite({ config, store, access, turnOf, clock, mask }: SiteWorld) {
  const listeners = new Set<(key: string) => void>();
  const hostOf = (slug: string) => previewHost(slug, config.domain);

  const view = (preview: Preview): PreviewView =>
    viewPreview(preview, store.attempts.of(preview.key), {
      now: clock.now(),
      host: hostOf(preview.slug),
      url: (host) => previewLink(host, config.publicUrl),
      link: (host) => access.linkTo(preview, host),
      access: access.accessTo(preview),
      ttlMs: ttlOf(preview, config),
      queue: turnOf(preview.key),
      facts: store.volumes.factsOf(preview.key),
      retired: store.volumes.retiredOf(preview.key),
      checks: store.checks.of(preview.key),
    });

  const page = (key: string): PageModel | null => {
    const preview = store.wishes.get(key);
    if (preview === null) return null;
    const seen = view(preview);
    // What sleeps or wakes is what serves: how it came to be is of no interest, why it does not come back is.
    const serving = seen.phase === "ready" || seen.phase === "asleep" ? servingOf(store.attempts.of(key)) : null;
    // Whatever never slept waits for a newer attempt, where requests to it wait.
    const isBeingReplaced = serving !== null && isBusy(seen) && preview.spec.rest?.generation !== serving.generation;
    const failure = serving ? serving.trouble : (seen.newest?.failure ?? null);
    return {
      slug: seen.slug,
      repository: seen.repository,
      number: seen.number,
      title: seen.title,
      commit: serving?.commit ?? seen.newest?.commit ?? preview.spec.pull?.headCommit ?? "",
      state: routeStateOf(seen),
      isBeingReplaced,
      reason: seen.phase === "failed" || (serving !== null && seen.queue === null) ? null : seen.reason,
      failure: failure && { what: mask(failure.what, preview), where: failure.where ?? "", now: failure.now },
      timeline: serving && !isBeingReplaced ? [] : newestEvents(store, key).map(toRow),
      log: maskLines(failure?.logTail ?? [], (text) => mask(text, preview)).slice(-20),
      links: [],
    };
  };

  return {
    hostOf,
    /** Where people see the dashboard, without a trailing slash. */
    dashboardOrigin: dashboardOriginOf(config),
    link: (host: string) => previewLink(host, config.publicUrl),
    view,
    page,
    /** What people find in lists: whatever is there, and who waits for somebody's word before anything is. */
    listed: (): PreviewView[] =>
      store.previews
        .list({ gone: true })
        .filter(({ goneAt, spec }) => goneAt === null || spec.wanted === "blocked")
        .map(view),
    routeState: (preview: Preview): RouteState => routeStateOf(view(preview)),

    /** By slug, `acme/shop#42`, `shop#42` or key. */
    find(id: string): Preview | null {
      const direct = store.previews.bySlug(id) ?? store.wishes.get(id);
      if (direct) return direct;
      const [name = "", number] = id.split("#");
      const all = store.previews.list({ gone: true }).filter((each) => String(each.number) === number);
      const named = all.filter(({ repository }) => repository === name || repository.split("/")[1] === name);
      return named.length === 1 ? (named[0] ?? null) : null;
    },

    /** Tells whoever watches that something of a preview is new. */
    announce(key: string): void {
      access.forget(key);
      for (const listener of listeners) listener(key);
    },
    /** Calls the listener when something of that one preview is new; answers how to stop it. */
    watchOne(key: string, listener: () => void): () => void {
      const each = (changed: string) => {
        if (changed === key) listener();
      };
      listeners.add(each);
      return () => void listeners.delete(each);
    },
    watch(listener: (key: string) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function isBusy({ newest }: PreviewView): boolean {
  return newest !== null && isUnderWay(newest);
}

function routeStateOf({ phase, queue }: PreviewView): RouteState {
  return queue === null ? routeStates[phase] : "queued";
}

const routeStates: Record<Phase, RouteState> = {
  pending: "building",
  building: "building",
  starting: "starting",
  ready: "serving",
  asleep: "asleep",
  failed: "failed",
  blocked: "blocked",
  removing: "gone",
  gone: "gone",
};

function newestEvents(store: Store, key: string): TimelineEvent[] {
  const generation = newestOf(store.attempts.of(key))?.generation;
  return store.timeline.of(key).filter((event) => event.generation === generation);
}

function toRow({ name, startedAt, endedAt, outcome }: TimelineEvent): PageModel["timeline"][number] {
  return { label: name, startMs: startedAt, endMs: endedAt, state: outcome === "aborted" ? "failed" : outcome };
}
