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
  const routesOf = (preview: string): Route[] =>
    [...table.values()].flat().filter((route) => route.preview === preview);

  return {
    table: (): RouteTable => table,

    /** Routes the preview's hosts to the containers of one generation, all at once. */
    publish(preview: Placed, stack: Pick<StackSpec, "routes">, upstreams: readonly Address[]): void {
      retire(preview.key, preview.generation);
      table = withPreview(
        table,
        preview.key,
        stack.routes.flatMap((route) => mounts(preview, stack, { route, upstreams })),
      );
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
    },

    /** The state its page shows while nothing serves it. */
    show(preview: { key: string; slug: string }, state: RouteState): void {
      const host = hostOf(preview.slug);
      const serves =
        table.get(host)?.some((route) => route.preview === preview.key && route.upstream !== null) ?? false;
      if (!serves)
        table = withPreview(table, preview.key, [pageRoute({ preview: preview.key, slug: preview.slug }, host, state)]);
    },
  };
}

type Mounting = { route: StackSpec["routes"][number]; upstreams: readonly Address[] };

function mounts(preview: Placed, stack: Pick<StackSpec, "routes">, { route, upstreams }: Mounting): Route[] {
  const found = upstreams.find((each) => each.service === route.service && each.port === route.port);
  const upstream = found ? { address: found.address, port: found.port } : null;
  const base = {
    preview: preview.key,
    slug: preview.slug,
    service: route.service,
    generation: preview.generation,
    upstream,
    state: "serving" as const,
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
