import { getDomain } from "tldts";
import { type Check, fail, ok, warn } from "./check.ts";

export type NameFacts = {
  domain: string;
  /** What any name under the domain resolves to; empty when it does not. */
  addresses: string[];
  /** This machine's own. */
  own: string[];
  /** Whether a request to such a name came to this Mayfly; null when it was not tried, since none runs. */
  answers: boolean | null;
};

/** Whether previews' hosts lead here. Behind NAT the address is not ours: then what answers tells. */
export function checkWildcard({ domain, addresses, own, answers }: NameFacts): Check {
  const name = `*.${domain}`;
  if (isLocal(domain))
    return warn(
      "dns",
      `${name} is this machine only, in browsers`,
      "Right for a trial. For a team, set `domain:` to one of yours (docs/dns-and-tls.md).",
    );
  if (addresses.length === 0)
    return fail("dns", `${name} does not resolve`, `Add a wildcard A record for ${name} to this machine.`);
  const said = `${name} resolves to ${addresses.join(", ")}`;
  if (answers === true || (answers === null && addresses.some((address) => own.includes(address))))
    return ok("dns", said);
  if (answers === null)
    return warn(
      "dns",
      `${said}, which is no address of this machine`,
      "Behind NAT that is right: run doctor again while Mayfly runs.",
    );
  return fail(
    "dns",
    `${said}, and what answers there is not this Mayfly`,
    "Point the wildcard record here, and let the proxy in front pass these hosts to Mayfly with their Host header.",
  );
}

/** Whether the dashboard is on another site than the code of branches (by the Public Suffix List). */
export function checkSites(previews: string, dashboard: string): Check {
  if (isLocal(previews) || isLocal(dashboard)) return ok("sites", "dashboard and previews are on this machine");
  const [one, other] = [previews, dashboard].map((host) => getDomain(host, { allowPrivateDomains: true }) ?? host);
  if (one !== other) return ok("sites", `previews are under ${one}, the dashboard under ${other}`);
  return warn(
    "sites",
    `previews and the dashboard share ${one}: a branch's pages may set cookies for the dashboard's host`,
    "Give one of them another registrable domain: `domain:` or `dashboard: { host: … }`, with public_url (docs/dns-and-tls.md).",
  );
}

export type PublicFacts = { publicUrl: string; isRunning: boolean; trustsProxies: boolean; problem: string | null };

/** Whether Mayfly answers where it says it does. */
export function checkPublicUrl({ publicUrl, isRunning, trustsProxies, problem }: PublicFacts): Check {
  if (!isRunning)
    return warn("public-url", `${publicUrl} was not tried: Mayfly does not run`, "Start it, then run doctor again.");
  if (problem !== null)
    return fail(
      "public-url",
      `${publicUrl} does not answer as this Mayfly: ${problem}`,
      "Check its DNS record, its certificate, and what stands in front (docs/dns-and-tls.md).",
    );
  if (publicUrl.startsWith("https:") && !trustsProxies)
    return warn(
      "public-url",
      `${publicUrl} answers, but previews are told that visitors come over plain HTTP`,
      "Name the proxy that ends TLS: `trusted_proxies: [127.0.0.1]` in server.yaml.",
    );
  return ok("public-url", `${publicUrl} answers`);
}

function isLocal(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || /^[\d.]+$|^\[/.test(host);
}
