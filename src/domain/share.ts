import { parseDuration } from "./time.ts";

/** What `/share` asks for: a link that ends after a while, or that every key given out so far ends now. */
export type Share =
  | { kind: "link"; forMs: number }
  | { kind: "off" }
  /** `why` completes "`/share` changed nothing: …". */
  | { kind: "unclear"; why: string };

const dayMs = 86_400_000;
const usualMs = 7 * dayMs;
const longestMs = 90 * dayMs;

/** Reads what follows `/share`: a span of a minute to 90 days (7 days without one), or `off`. */
export function readShare(argument: string | null): Share {
  if (argument === null) return { kind: "link", forMs: usualMs };
  if (argument.toLowerCase() === "off") return { kind: "off" };
  const forMs = parseDuration(argument);
  if (forMs === undefined)
    return { kind: "unclear", why: "say for how long, such as `/share 7d` or `/share 2h`, or `/share off`" };
  if (forMs < 60_000 || forMs > longestMs) return { kind: "unclear", why: "a link may last from 1m to 90d" };
  return { kind: "link", forMs };
}
