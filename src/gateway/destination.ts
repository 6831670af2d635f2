import type { IncomingMessage } from "node:http";
import { framingOf } from "./headers.ts";
import { type Authority, parseAuthority, sameAuthority } from "./host.ts";
import { type Route, type RouteTable, lookup, ownerOf } from "./route-table.ts";

/** Where a request goes. `path` is its target in origin-form. */
export type Destination =
  | { readonly kind: "own"; readonly path: string }
  | { readonly kind: "route"; readonly route: Route; readonly path: string }
  /** `/.mayfly/` on a preview's host. */
  | { readonly kind: "ours"; readonly route: Route; readonly path: string }
  | { readonly kind: "unknown"; readonly host: string }
  | { readonly kind: "refused"; readonly why: string };

export type Hosts = { readonly table: RouteTable; readonly isOwnHost: (name: string) => boolean };

/**
 * Decides where a parsed request goes, from its target and its Host alone (RFC 9112 sections 3.2 and 3.3): exactly one valid Host; an
 * absolute target's authority counts, and where it contradicts Host the request is refused.
 */
export function destinationOf(req: IncomingMessage, { table, isOwnHost }: Hosts): Destination {
  if (framingOf(req) === "unknown") return { kind: "refused", why: "The request's transfer coding is not known here." };
  const said = hostOf(req.rawHeaders);
  if (typeof said === "string") return { kind: "refused", why: said };
  const target = targetOf(req, said);
  if (typeof target === "string") return { kind: "refused", why: target };
  const { name, path } = target;
  if (isOwnHost(name)) return { kind: "own", path };
  const owner = ownerOf(table, name);
  if (owner === null) return { kind: "unknown", host: name };
  if (path === "/.mayfly" || path.startsWith("/.mayfly/") || path.startsWith("/.mayfly?"))
    return { kind: "ours", route: owner, path };
  const route = lookup(table, name, path);
  return route === null ? { kind: "unknown", host: name } : { kind: "route", route, path };
}

function hostOf(rawHeaders: readonly string[]): Authority | string {
  let host: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    if (name.length !== 4 || name.toLowerCase() !== "host") continue;
    if (host !== undefined) return "The request has more than one Host header.";
    host = rawHeaders[i + 1] ?? "";
  }
  if (host === undefined) return "The request has no Host header.";
  return parseAuthority(host) ?? "The request's Host header is not a valid host.";
}

function targetOf(req: IncomingMessage, said: Authority): { name: string; path: string } | string {
  const target = req.url ?? "";
  if (target.startsWith("/") || (target === "*" && req.method === "OPTIONS")) return { name: said.name, path: target };
  const absolute = /^(https?):\/\/([^/?#]*)([/?].*)?$/i.exec(target);
  const authority = absolute === null ? null : parseAuthority(absolute[2] ?? "");
  if (absolute === null || authority === null) return "The request's target is not one that a server answers.";
  const scheme = absolute[1]?.toLowerCase() === "https" ? "https" : "http";
  if (!sameAuthority(authority, said, scheme)) return "The request's target and its Host header name different hosts.";
  const path = absolute[3] ?? "/";
  return { name: authority.name, path: path.startsWith("?") ? `/${path}` : path };
}
