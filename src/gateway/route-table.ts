import type { Upstream } from "./upstream.ts";

/** What a route shows while it has no upstream; with one, it is served whatever the newest attempt does. */
export type RouteState =
  | "queued"
  | "building"
  | "starting"
  | "waking"
  /** A service of what serves is replaced on its data. */
  | "replacing"
  /** A visit wakes it: requests are held. */
  | "asleep"
  | "serving"
  | "failed"
  | "blocked"
  | "gone";

export type Route = {
  /** The preview's key. */
  readonly preview: string;
  readonly slug: string;
  /** Normalized: lower-case, no port, no trailing dot. */
  readonly host: string;
  /** Where on the host the route is mounted: "/" or "/api". Whole segments count, the longest mount wins, nothing is stripped. */
  readonly path: string;
  readonly service: string | null;
  /** The generation whose container `upstream` is: requests are counted under it. */
  readonly generation: number | null;
  readonly upstream: Upstream | null;
  readonly state: RouteState;
};

/** Host name → its routes, longest mount first. A value: a swap makes a new table, and a request keeps the one it began with. */
export type RouteTable = ReadonlyMap<string, readonly Route[]>;

/** The table of a server without previews. */
export const emptyTable: RouteTable = new Map();

/** A table in which `routes` are all that the preview `key` has: the swap. A host that another preview holds stays that one's. */
export function withPreview(table: RouteTable, key: string, routes: readonly Route[]): RouteTable {
  const next = new Map(withoutPreview(table, key));
  const free = routes.filter((route) => !next.has(route.host));
  for (const host of new Set(free.map((route) => route.host))) {
    const mounts = free.filter((route) => route.host === host);
    next.set(
      host,
      mounts.toSorted((a, b) => segments(b.path) - segments(a.path) || b.path.length - a.path.length),
    );
  }
  return next;
}

/** A table in which the preview `key` has no host at all. */
export function withoutPreview(table: RouteTable, key: string): RouteTable {
  return new Map([...table].filter(([, routes]) => routes[0]?.preview !== key));
}

/** The route for a normalized host name and an origin-form path; null where no preview has that host. */
export function lookup(table: RouteTable, host: string, path = "/"): Route | null {
  const routes = table.get(host);
  if (routes === undefined) return null;
  return routes.find((route) => covers(route.path, path)) ?? null;
}

/** Any of the host's routes: whose host it is, whatever the path. */
export function ownerOf(table: RouteTable, host: string): Route | null {
  return table.get(host)?.[0] ?? null;
}

/** The hosts of one preview, sorted. Asked with each page of a guarded preview, so that a table is gone through once. */
export function hostsOf(table: RouteTable, preview: string): readonly string[] {
  let known = hostsByPreview.get(table);
  if (known === undefined) {
    const routes = [...table.values()].flatMap(([route]) => (route === undefined ? [] : [route]));
    const sorted = routes.toSorted((a, b) => (a.host < b.host ? -1 : 1));
    known = Map.groupBy(sorted, (route) => route.preview);
    hostsByPreview.set(table, known);
  }
  return known.get(preview)?.map(({ host }) => host) ?? [];
}

const hostsByPreview = new WeakMap<RouteTable, ReadonlyMap<string, readonly Route[]>>();

/** The key under which a route's requests are counted and drained. */
export function generationKey({ preview, generation }: Pick<Route, "preview" | "generation">): string {
  return `${preview}:${generation ?? 0}`;
}

function covers(mount: string, path: string): boolean {
  const prefix = mount.endsWith("/") ? mount.slice(0, -1) : mount;
  if (!path.startsWith(prefix)) return prefix === "";
  const next = path[prefix.length];
  return next === undefined || next === "/" || next === "?" || prefix === "";
}

function segments(path: string): number {
  return path.split("/").filter((segment) => segment !== "").length;
}
