import { imageNamespace } from "./naming.ts";

const longestReference = 255;

const hostLabel = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const registry = new RegExp(`^${hostLabel}(?:\\.${hostLabel})*(?::[0-9]{1,5})?$`);
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const name = new RegExp(`^${component}(?:/${component})*(?::\\w[\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`);

/**
 * True for a plain reference of an image: `[host[:port]/]path[:tag][@sha256:…]`, at most 255 characters. The grammar is
 * distribution's (reference/regexp.go), without upper-case hosts and IPv6 addresses.
 */
export function isImageReference(text: string): boolean {
  if (text.length > longestReference) return false;
  const host = registryHostOf(text);
  if (host === null) return name.test(text);
  return registry.test(host) && name.test(text.slice(host.length + 1));
}

/** A reference with all that Docker adds to it: `app` and `docker.io/library/app:latest` are one image. */
export function wholeReference(text: string): string {
  const host = registryHostOf(text);
  const path = host === null ? text : text.slice(host.length + 1);
  const hub = host === null || host === "docker.io" || host === "index.docker.io";
  const named = hub && !path.includes("/") ? `library/${path}` : path;
  const last = named.slice(named.lastIndexOf("/"));
  return `${hub ? "docker.io" : host}/${named}${/[:@]/.test(last) ? "" : ":latest"}`;
}

/** The registry that a reference names, with its port; null for the default one. Docker tells it from a path like this. */
export function registryHostOf(text: string): string | null {
  const slash = text.indexOf("/");
  const first = slash === -1 ? "" : text.slice(0, slash);
  return first === "localhost" || /[.:]/.test(first) ? first : null;
}

/** True for a registry on this host or its own network, by name or address: `host` may carry a port. */
export function isPrivateRegistry(host: string): boolean {
  const [name = "", port] = host.toLowerCase().split(":");
  if (!name.includes(".")) return name === "localhost" || port !== undefined;
  if (/\.(localhost|internal)$/.test(name)) return true;
  const labels = name.split(".");
  // What ends in a number is an address to a resolver, also in its short, octal and hexadecimal spellings.
  if (!/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")) return false;
  const isPlain =
    labels.length === 4 && labels.every((label) => /^(0|[1-9]\d{0,2})$/.test(label) && Number(label) < 256);
  return !isPlain || isPrivateAddress(labels.map(Number));
}

/** True for an image's id or the beginning of one: it would reach any image on the host, whoever owns it. */
export function isImageId(text: string): boolean {
  return /^(sha256:)?[0-9a-f]+$/i.test(text);
}

/** True for images that we built: they are one repository's. Docker drops `docker.io/`, so any component counts. */
export function isOwnImage(text: string): boolean {
  return text.split("/").some((part) => part.trim().split(/[:@]/)[0]?.toLowerCase() === imageNamespace);
}

/** This network, private (RFC 1918), shared (RFC 6598), loopback, link-local, multicast and reserved. */
function isPrivateAddress([a = 0, b = 0]: readonly number[]): boolean {
  if ([0, 10, 127].includes(a) || a >= 224) return true;
  if (a === 100) return b >= 64 && b < 128;
  if (a === 172) return b >= 16 && b < 32;
  return (a === 169 && b === 254) || (a === 192 && b === 168);
}
