import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Access } from "../domain/access.ts";
import { createFailureLimit } from "../domain/failure-limit.ts";
import type { Clock, RandomId } from "../domain/time.ts";
import { type Answer, plainAnswer } from "./answer.ts";
import { type Door, passPath, readDoor } from "./door.ts";
import { clientAddress, type TrustedProxies } from "./forwarded.ts";
import type { Keys, Verdict } from "./keys.ts";
import { bypassHeader, cookieName, ourCookies } from "./our-headers.ts";
import { isDocument, isFromOwnPage, preflightAnswer, sharedWith } from "./own-pages.ts";
import { cookieUntilOf, createUsedPasses, signPass } from "./passes.ts";
import type { Pages } from "./pages.ts";
import type { Refusal } from "./refusals.ts";
import { type Route, type RouteTable, hostsOf, ownerOf } from "./route-table.ts";

/** Who may look at a preview now. A new epoch takes back every key, cookies included. */
export type Rule = { readonly access: Access; readonly epoch: number };

/** What the gateway has to know of who may look; given by whoever knows the previews. */
export type AccessPort = {
  /** Asked once a request. */
  readonly rule: (preview: string) => Rule;
  readonly keys: Keys;
  /** `scheme://host[:port]`, as visitors know a preview's host. */
  readonly link: (host: string) => string;
  /** Where a person signs in to come back to a preview's host and path with a pass. */
  readonly signInUrl: (where: { readonly host: string; readonly path: string }) => string;
  readonly randomId: RandomId;
};

export type Guard = {
  /** Null when the visitor may go on to the preview, else what to answer. */
  readonly admit: (req: IncomingMessage, where: { readonly route: Route; readonly path: string }) => Answer | null;
};

type Surroundings = {
  readonly table: () => RouteTable;
  readonly pages: Pick<Pages, "forRefusal">;
  readonly trusted: TrustedProxies;
  readonly clock: Clock;
};

const monthMs = 30 * 86_400_000;

type Visit = { readonly req: IncomingMessage; readonly route: Route; readonly path: string; readonly rule: Rule };

/** Makes the guard of all previews' hosts: everything on them passes here first, our own pages, event streams and upgrades too. */
export function createGuard(port: AccessPort, { table, pages, trusted, clock }: Surroundings): Guard {
  const { keys, link } = port;
  const isSecure = link("host").startsWith("https:");
  const name = cookieName(isSecure);
  const failures = createFailureLimit(clock);
  const passes = createUsedPasses(clock);

  return {
    admit(req, { route, path }) {
      const visit = { req, route, path, rule: port.rule(route.preview) };
      const door = readDoor(path);
      if (door !== null) return enter(visit, door);
      if (visit.rule.access === "public") return null;
      const bypass = req.headers[bypassHeader];
      return bypass === undefined ? byCookie(visit) : byBypass(visit, String(bypass));
    },
  };

  function byCookie(visit: Visit): Answer | null {
    const { req, route, path } = visit;
    const seen = cookieOf(visit);
    if (seen?.kind === "valid") {
      if (!isFromOwnPage(req, siblingsOf(route))) return refuse(visit, "foreign");
      const { note, until } = seen.claim;
      const hosts = isDocument(req) ? hostsOf(table(), route.preview) : [];
      // A browser holds a cookie for each host: where hosts came since it got them, it goes round once more.
      const lacksSome = hosts.length > 1 && note !== noteOf(hosts) && until !== null;
      return lacksSome ? letIn(visit, { start: route.host, rest: path, until }) : null;
    }
    const preflight = preflightAnswer(req, siblingsOf(route));
    if (preflight !== null) return preflight;
    if (seen?.kind === "forged" && isTooMuch(visit, { wrong: true })) return refuse(visit, "too-many");
    return refuse(visit, visit.rule.access === "sign-in" ? "sign-in" : "closed");
  }

  function byBypass(visit: Visit, key: string): Answer | null {
    if (isTooMuch(visit)) return refuse(visit, "too-many");
    const verdict = check(visit, "bypass", key);
    if (verdict.kind === "forged") isTooMuch(visit, { wrong: true });
    return verdict.kind === "valid" ? null : refuse(visit, verdict.kind === "ended" ? "ended" : "wrong");
  }

  /** A door leads to the clean address, with a cookie for whoever has the right key. */
  function enter(visit: Visit, door: Door): Answer {
    const { req, route, rule } = visit;
    const start =
      door.kind === "pass" && hostsOf(table(), route.preview).includes(door.start) ? door.start : route.host;
    if (req.method !== "GET" && req.method !== "HEAD") return plainAnswer(405, "A link is followed.", { Allow: "GET" });
    if (rule.access === "public") return redirect(start === route.host ? door.rest : `${link(start)}${door.rest}`);
    if (isTooMuch(visit)) return refuse(visit, "too-many");
    const verdict = check(visit, door.kind, door.key);
    if (verdict.kind === "valid" && (door.kind === "open" || passes.take(door.key))) {
      const until = door.kind === "pass" ? cookieUntilOf(verdict) : (verdict.claim.until ?? clock.now() + monthMs);
      return letIn(visit, { start, rest: door.rest, until });
    }
    if (verdict.kind === "forged") isTooMuch(visit, { wrong: true });
    // An old link in the hands of somebody who is in already.
    if (cookieOf(visit)?.kind === "valid") return redirect(door.rest);
    return refuse(visit, verdict.kind === "forged" ? "wrong" : "ended");
  }

  /** Gives this host's cookie and sends the visitor on: to the preview's other hosts in their turn, then back to where they came to. */
  function letIn(visit: Visit, { start, rest, until }: { start: string; rest: string; until: number }): Answer {
    const { route, rule } = visit;
    const hosts = hostsOf(table(), route.preview);
    const note = noteOf(hosts);
    const cookie = keys.sign("cookie", subject(visit, "cookie"), { epoch: rule.epoch, until, note });
    const seconds = Math.max(1, Math.ceil((until - clock.now()) / 1000));
    const headers = { "Set-Cookie": setCookie(cookie, seconds) };
    const next = hosts[(hosts.indexOf(route.host) + 1) % hosts.length] ?? start;
    if (next === start) return redirect(start === route.host ? rest : `${link(start)}${rest}`, headers);
    const pass = signPass({ keys, clock, randomId: port.randomId }, [route.preview, rule.access, next], {
      epoch: rule.epoch,
      cookieUntil: until,
    });
    return redirect(`${link(next)}${passPath(pass, start, rest)}`, headers);
  }

  function cookieOf(visit: Visit): Verdict | null {
    const verdicts = ourCookies(visit.req.headers.cookie, name).map((key) => check(visit, "cookie", key));
    const valid = verdicts.find(({ kind }) => kind === "valid");
    return valid ?? verdicts.find(({ kind }) => kind === "ended") ?? verdicts[0] ?? null;
  }

  function check(visit: Visit, kind: "open" | "pass" | "cookie" | "bypass", key: string): Verdict {
    return keys.check(key, kind, subject(visit, kind), { epoch: visit.rule.epoch, ms: clock.now() });
  }

  /** Counts a wrong key; answers whether its sender has tried too many. */
  function isTooMuch({ req }: Visit, { wrong = false } = {}): boolean {
    const address = clientAddress(req, trusted);
    const isOver = failures.isOver(address);
    if (wrong && !isOver) failures.count(address);
    return isOver;
  }

  function refuse(visit: Visit, refusal: Refusal): Answer {
    const { req, route, path } = visit;
    const signIn = refusal === "sign-in" ? port.signInUrl({ host: route.host, path }) : null;
    const answer = pages.forRefusal(route, req, {
      refusal,
      retryAfter: refusal === "too-many" ? failures.secondsLeft() : null,
      links: signIn === null ? [] : [{ label: "Sign in", href: signIn }],
    });
    const stale = cookieOf(visit);
    return {
      ...answer,
      headers: {
        ...answer.headers,
        ...(answer.status === 401 && { "WWW-Authenticate": "Mayfly" }),
        ...(stale !== null && stale.kind !== "valid" && { "Set-Cookie": setCookie("", 0) }),
        ...sharedWith(req, siblingsOf(route)),
      },
    };
  }

  function setCookie(value: string, seconds: number): string {
    return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${isSecure ? "; Secure" : ""}`;
  }

  function siblingsOf({ preview }: Route): (host: string) => boolean {
    return (host) => ownerOf(table(), host)?.preview === preview;
  }
}

/** A host's cookie and pass are good there only; links are good on all hosts of a preview. */
function subject({ route, rule }: Visit, kind: "open" | "pass" | "cookie" | "bypass"): string[] {
  const whole = [route.preview, rule.access];
  return kind === "pass" || kind === "cookie" ? [...whole, route.host] : whole;
}

function noteOf(hosts: readonly string[]): string {
  return createHash("sha256").update(hosts.join(" ")).digest("hex").slice(0, 8);
}

function redirect(location: string, headers: Readonly<Record<string, string>> = {}): Answer {
  // Neither the application nor a page it links to learns the address that was come by.
  return plainAnswer(303, "Come in.", { ...headers, Location: location, "Referrer-Policy": "no-referrer" });
}
