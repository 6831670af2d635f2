import { expiresAt } from "../domain/lifetime.ts";
import type { Preview, PreviewSpec } from "../domain/preview.ts";
import { parseDuration } from "../domain/time.ts";
import type { KeepingVerb } from "../domain/verbs.ts";
import type { Decision } from "./decide.ts";

/** Of the repository: how long an unused preview stays (null: for ever), and when it is decided (epoch milliseconds). */
export type Term = { now: number; ttlMs: number | null };

const longestMs = 90 * 86_400_000;

/** How long it is kept is no change of what should run: nothing is aborted. */
export function decideKeeping(
  preview: Preview,
  { verb, argument }: { verb: KeepingVerb; argument: string | null },
  term: Term,
): Decision {
  if (preview.spec.wanted !== "running") return unchanged("there is no preview to keep; `/deploy` brings it up");
  switch (verb) {
    case "pin":
      return preview.spec.pinned ? unchanged("it is pinned already") : changed(preview, { pinned: true });
    case "unpin":
      // Its time begins anew: it may have been unused for longer than others live.
      return preview.spec.pinned
        ? changed(preview, { pinned: false, activeAt: term.now })
        : unchanged("it is not pinned");
    case "extend":
      return extend(preview, argument, term);
  }
}

function extend(preview: Preview, argument: string | null, { now, ttlMs }: Term): Decision {
  const end = expiresAt(preview, ttlMs);
  if (ttlMs === null || end === null) return unchanged("it is kept without an end");
  const forMs = argument === null ? ttlMs : parseDuration(argument);
  if (forMs === undefined) return unchanged("say for how long, such as `7d` or `12h`");
  if (forMs < 60_000 && argument !== null) return unchanged("a minute is the least");
  if (forMs > longestMs) return unchanged("90d is the most; `/pin` keeps it until the pull request is closed");
  return now + forMs > end ? changed(preview, { keptUntil: now + forMs }) : unchanged("it is kept for longer anyway");
}

/** What nobody used for its time goes, with its data, until the next push or `/deploy`. */
export function decideExpiry(preview: Preview, { now, ttlMs }: Term): Decision {
  const end = expiresAt(preview, ttlMs);
  if (end === null || now < end) return unchanged("it is not due");
  return changed(preview, {
    wanted: "absent",
    reason: "expired",
    asked: false,
    keptUntil: null,
    rest: null,
    cause: "not used",
  });
}

function changed(preview: Preview, change: Partial<PreviewSpec>): Decision {
  return { kind: "changed", preview: { ...preview, spec: { ...preview.spec, ...change } } };
}

function unchanged(reason: string): Decision {
  return { kind: "unchanged", reason };
}
