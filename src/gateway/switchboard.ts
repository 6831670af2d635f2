import type { StackSpec } from "../domain/stack.ts";
import {
  emptyTable,
  generationKey,
  type Route,
  type RouteState,
  type RouteTable,
  withoutPreview,
  withPreview,
} from "./route-table.ts";
import type { Upstream } from "./upstream.ts";

type Placed = { key: string; slug: string; generation: number };
type Address = { service: string; address: string; port: number };

export type Switchboard = ReturnType<typeof createSwitchboard>;

/** Holds the route table of this moment: who serves is published whole, who does not yet shows a page. */
export function createSwitchboard(hostOf: (slug: string) => string) {
  let table: RouteTable = emptyTable;
  /** Where generations that were replaced answered, until they are drained. */
  const retired = new Map<string, Upstream[]>();

  const retire = (preview: string, successor: number): void => {
    for (const { generation, upstream, ...route } of routesOf(preview)) {
      if (upstream === null || generation === successor) continue;
      const key = generationKey({ ...route, generation });
      retired.set(key, [...(retired.get(key) ?? []), upstream]);
    }
  };
  /** Previews whose requests wait. */
  const asleep = new Set<string>();
  const listeners = new Map<string, Set<(news: "routes" | "stuck") => void>>();
  const tell = (preview: string, news: "routes" | "stuck"): void => {
    for (const listener of listeners.get(preview) ?? []) listener(news);
  };
  const place = (preview: Placed, stack: Pick<StackSpec, "routes">, made: Made): void => {
    retire(preview.key, preview.generation);
    const routes = stack.routes.flatMap((route) => mounts(preview, stack, { route, ...made }));
    table = withPreview(table, preview.key, routes);
    if (routes.some(({ state }) => state === "asleep")) asleep.add(preview.key);
    else asleep.delete(preview.key);
    tell(preview.key, "routes");
  };
  const routesOf = (preview: string): Route[] =>
    [...table.values()].flat().filter((route) => route.preview === preview);

  return {
    table: (): RouteTable => table,

    /** Routes the preview's hosts to the containers of one generation, all at once; with `mayWait`, requests wait for those that are missing. */
    publish(
      preview: Placed,
      stack: Pick<StackSpec, "routes">,
      upstreams: readonly Address[],
      { mayWait = false }: { mayWait?: boolean } = {},
    ): void {
      place(preview, stack, { upstreams, missing: mayWait ? "asleep" : "serving" });
    },

    /** Takes the upstreams away: requests to the preview's hosts wait, and wake it. */
    lull: (preview: Placed, stack: Pick<StackSpec, "routes">): void =>
      place(preview, stack, { upstreams: [], missing: "asleep" }),

    isAsleep: (preview: string): boolean => asleep.has(preview),

    /** What requests wait for does not come. */
    tellStuck: (preview: string): void => tell(preview, "stuck"),

    /** Calls the listener with what is new of a preview's routes; answers how to stop it. */
    watch(preview: string, listener: (news: "routes" | "stuck") => void): () => void {
      const all = listeners.get(preview) ?? new Set();
      listeners.set(preview, all.add(listener));
      return () => {
        if (all.delete(listener) && all.size === 0) listeners.delete(preview);
      };
    },

    /** The addresses of a replaced generation, told once: whoever drains it forgets its idle connections. */
    takeRetired(preview: string, generation: number): Upstream[] {
      const key = generationKey({ preview, generation });
      const upstreams = retired.get(key) ?? [];
      retired.delete(key);
      return upstreams;
    },

    /** Takes the upstreams away; the main host stays and shows a page. */
    withdraw(key: string): void {
      const main = routesOf(key).find((route) => route.host === hostOf(route.slug));
      table = main ? withPreview(table, key, [pageRoute(main, main.host, "gone")]) : withoutPreview(table, key);
      asleep.delete(key);
      tell(key, "routes");
    },

    /** The state its page shows while nothing serves it. */
    show(preview: { key: string; slug: string }, state: RouteState): void {
      const host = hostOf(preview.slug);
      const serves =
        table
          .get(host)
          ?.some((route) => route.preview === preview.key && (route.upstream !== null || route.state === "asleep")) ??
        false;
      if (!serves)
        table = withPreview(table, preview.key, [pageRoute({ preview: preview.key, slug: preview.slug }, host, state)]);
    },
  };
}

/** `missing`: what a route without upstream shows. */
type Made = { upstreams: readonly Address[]; missing: RouteState };
type Mounting = Made & { route: StackSpec["routes"][number] };

function mounts(preview: Placed, stack: Pick<StackSpec, "routes">, { route, upstreams, missing }: Mounting): Route[] {
  const found = upstreams.find((each) => each.service === route.service && each.port === route.port);
  const upstream = found ? { address: found.address, port: found.port } : null;
  const base = {
    preview: preview.key,
    slug: preview.slug,
    service: route.service,
    generation: preview.generation,
    upstream,
    state: upstream === null ? missing : ("serving" as const),
  };
  const own: Route = { ...base, host: route.host, path: "/" };
  const main = stack.routes.find((each) => each.main);
  return route.path === null || !main ? [own] : [own, { ...base, host: main.host, path: route.path }];
}

function pageRoute(preview: { preview: string; slug: string }, host: string, state: RouteState): Route {
  return {
    preview: preview.preview,
    slug: preview.slug,
    host,
    path: "/",
    service: null,
    generation: null,
    upstream: null,
    state,
  };
}
