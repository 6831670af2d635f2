import type { IncomingMessage } from "node:http";
import { type Answer, plainAnswer } from "./answer.ts";

/** What is looked at of a request: browsers, and only they, say truthfully which page sends it (Fetch Metadata, section 2). */
type Sent = Pick<IncomingMessage, "headers" | "method">;

/** Whether a host is one of the same preview's. */
export type IsSibling = (host: string) => boolean;

/**
 * Whether a visitor's cookie may count for a request: it is sent by one of the preview's own pages, or follows a link. Previews
 * are same-site to each other, so that a browser would send one preview's cookie with what another one's page asks for.
 */
export function isFromOwnPage({ headers }: Sent, isSibling: IsSibling): boolean {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  if (site === "same-origin" || site === "none") return true;
  if (origin !== undefined) return isSibling(hostOf(origin));
  // Browsers that tell no site tell the origin wherever a page could read or change something.
  if (site === undefined || headers["sec-fetch-mode"] === "navigate") return true;
  return isSibling(hostOf(headers.referer ?? ""));
}

/** Whether a person's browser is about to show the answer as a page of its own. */
export function isDocument({ method, headers }: Sent): boolean {
  const destination = headers["sec-fetch-dest"];
  if (method !== "GET") return false;
  return destination === "document" || (destination === undefined && /\btext\/html\b/i.test(headers.accept ?? ""));
}

/**
 * The answer to a page of the same preview that asks what it may send to this host (Fetch, CORS preflight), or null. Such a
 * question never carries a cookie. It is answered here: an application that answers any method alike would tell its content.
 */
export function preflightAnswer({ method, headers }: Sent, isSibling: IsSibling): Answer | null {
  const wanted = headers["access-control-request-method"];
  if (method !== "OPTIONS" || wanted === undefined) return null;
  const shared = sharedWith({ headers }, isSibling);
  if (shared === null) return null;
  const names = headers["access-control-request-headers"];
  return plainAnswer(200, "Ask.", {
    ...shared,
    "Access-Control-Allow-Methods": wanted,
    ...(names !== undefined && { "Access-Control-Allow-Headers": names }),
    "Access-Control-Max-Age": "60",
  });
}

/** Headers by which a page of the same preview may read an answer of ours; null for any other. */
export function sharedWith({ headers: { origin } }: Pick<Sent, "headers">, isSibling: IsSibling) {
  if (origin === undefined || !isSibling(hostOf(origin))) return null;
  return { "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true", Vary: "Origin" };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : "";
}
