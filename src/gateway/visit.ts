import type { IncomingHttpHeaders } from "node:http";

/**
 * Programs that fetch a page because its link was posted, indexed or watched. By their own words in `User-Agent`, as
 * their makers document them; what says nothing of itself is taken for somebody.
 */
const machines =
  /bot\b|bot\/|crawl|spider|slurp|unfurl|preview|facebookexternalhit|whatsapp|embedly|mattermost|monitor|uptime|pingdom|statuscake|health|kube-probe|prometheus|blackbox/i;

/** Whether a request says that somebody uses the preview: crawlers, link previews, monitors and prefetching do not. */
export function isVisit(headers: IncomingHttpHeaders): boolean {
  if (/prefetch|preview/i.test(String(headers["sec-purpose"] ?? headers["purpose"] ?? ""))) return false;
  return !machines.test(headers["user-agent"] ?? "");
}
