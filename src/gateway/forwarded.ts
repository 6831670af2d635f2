import type { IncomingMessage } from "node:http";
import { BlockList, isIP, type Socket } from "node:net";

/** Tells whether a peer's own X-Forwarded-* may be believed. */
export type TrustedProxies = (address: string) => boolean;

/**
 * Reads the operator's list of proxies in front of us: addresses (`10.0.0.1`) and networks (`10.0.0.0/8`, `fd00::/8`).
 * An empty list trusts nobody. Throws a RangeError naming the entry that is neither.
 */
export function trustProxies(entries: readonly string[]): TrustedProxies {
  if (entries.length === 0) return () => false;
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix] = entry.split("/");
    const version = isIP(address);
    if (version === 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) {
      throw new RangeError(`trusted proxy "${entry}" is neither an address nor a network`);
    }
    list.addSubnet(
      address,
      prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix),
      version === 4 ? "ipv4" : "ipv6",
    );
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}

/** Tells whether a lower-case name is one of those that say where a request came from. Frameworks that fold `_` to `-` read both. */
export function isForwardedName(lower: string): boolean {
  const first = lower.charCodeAt(0);
  if (first !== 0x78 && first !== 0x66) return false;
  return lower === "forwarded" || /^x[-_](?:forwarded[-_]|real[-_]ip$)/.test(lower);
}

/**
 * The X-Forwarded-* pairs of one request, as a flat name, value list. What an unknown peer claims is replaced, never appended to;
 * a trusted proxy's chain is extended by its own address and its other claims are kept.
 */
export function forwardedHeaders(req: IncomingMessage, trusted: TrustedProxies): string[] {
  const peer = peerOf(req);
  const claims = trusted(peer) ? req.headers : {};
  const chain = one(claims["x-forwarded-for"]);
  const port = one(claims["x-forwarded-port"]);
  const pairs = [
    "X-Forwarded-For",
    chain === undefined ? peer : `${chain}, ${peer}`,
    "X-Forwarded-Host",
    one(claims["x-forwarded-host"]) ?? req.headers.host ?? "",
    "X-Forwarded-Proto",
    one(claims["x-forwarded-proto"]) ?? "http",
  ];
  return port === undefined ? pairs : [...pairs, "X-Forwarded-Port", port];
}

/**
 * The address of whoever asks: the peer's, or behind trusted proxies the nearest one in their chain that is not itself trusted. The one
 * source for limits by address and for who is refused.
 */
export function clientAddress(req: IncomingMessage, trusted: TrustedProxies): string {
  const chain = one(req.headers["x-forwarded-for"])?.split(",") ?? [];
  let client = peerOf(req);
  while (trusted(client)) {
    const before = plain(chain.pop()?.trim() ?? "");
    // Beyond something that is no address nobody can be believed.
    if (isIP(before) === 0) break;
    client = before;
  }
  return client;
}

/** The other end's address; null for our own probe, which comes through no socket. */
export function peerAddress({ remoteAddress }: Pick<Socket, "remoteAddress">): string | null {
  return remoteAddress === undefined ? null : plain(remoteAddress);
}

function peerOf({ socket }: IncomingMessage): string {
  return peerAddress(socket) ?? "127.0.0.1";
}

/** Without the prefix that an IPv4 address has on a socket of both kinds. */
function plain(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.join(", ");
}
