import { isIP } from "node:net";

/** A host as a request names it: `name` lower-case, without trailing dot and brackets; `port` "" where none was said. */
export type Authority = { readonly name: string; readonly port: string };

/** Reads a Host header or an absolute target's authority; null if it is not a host that could be ours (RFC 9110 section 7.2). */
export function parseAuthority(text: string): Authority | null {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::(\d{1,5}))?$/i.exec(text);
  if (match === null) return null;
  const [, host = "", port = ""] = match;
  if (host.startsWith("[")) {
    const name = host.slice(1, -1).toLowerCase();
    return isIP(name) === 6 ? { name, port } : null;
  }
  const name = host.toLowerCase();
  return isName(name) ? { name, port } : null;
}

/** Builds the predicate for our own hosts: the given names, `localhost` and any bare address. */
export function ownHosts(names: readonly string[]): (name: string) => boolean {
  const own = new Set(["localhost", ...names.map((name) => parseAuthority(name)?.name ?? name)]);
  return (name) => own.has(name) || isAddress(name);
}

/** Tells whether two authorities mean the same place under a scheme. */
export function sameAuthority(a: Authority, b: Authority, scheme: "http" | "https"): boolean {
  const usual = scheme === "http" ? "80" : "443";
  return a.name === b.name && (a.port || usual) === (b.port || usual);
}

function isName(name: string): boolean {
  if (name.length > 253) return false;
  return name.split(".").every((label) => label.length > 0 && label.length <= 63 && !label.startsWith("-"));
}

function isAddress(name: string): boolean {
  // Also the forms that a resolver, not isIP, takes for an address: 127.1, 2130706433, 0x7f.1. No preview's name ends in a number.
  return isIP(name) !== 0 || /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(name);
}
