import type { TimelineEvent } from "../domain/preview.ts";
import { formatSpan } from "../domain/time.ts";
import type { PreviewView } from "../domain/view.ts";
import type { ReportDetails } from "./report-details.ts";

/** Where the newest wish stands, seen from the pull request. */
export type Attempt =
  /** Wanted, but its turn has not come; the commit is null until the pull request was read. */
  | { kind: "waiting"; commit: string | null }
  | {
      kind: "under way";
      commit: string;
      doing: "Preparing" | "Building" | "Starting";
      at: Moment[];
      stalled: string | null;
    }
  | { kind: "ready"; commit: string }
  | { kind: "failed"; commit: string; why: string };

/** Something that goes on right now: a service or file, and for how long; null when it only began. */
export type Moment = { what: string; span: string | null };

/** The newest attempt of what should run. */
export function newestAttempt(view: PreviewView, { preview, timeline, now }: ReportDetails): Attempt {
  const { newest } = view;
  const commit = preview.spec.pull?.headCommit ?? null;
  if (newest === null || newest.generation < preview.spec.generation || newest.phase === "superseded") {
    return { kind: "waiting", commit };
  }
  if (newest.phase === "ready") return { kind: "ready", commit: newest.commit };
  if (newest.phase === "failed")
    return { kind: "failed", commit: newest.commit, why: newest.reason ?? "no reason is known" };
  const doing = ({ pending: "Preparing", building: "Building", starting: "Starting" } as const)[newest.phase];
  const running = timeline.filter((event) => event.generation === newest.generation && event.outcome === "running");
  const at = running.flatMap((event) => momentOf(event, now));
  return { kind: "under way", commit: newest.commit, doing, at, stalled: newest.reason };
}

/** Names of builds and waits as the timeline has them: `build web`, `snapshot db`, `await db`. */
function momentOf({ name, startedAt }: TimelineEvent, now: number): Moment[] {
  const what = /^(?:build|pull|snapshot|await|seed|check) (.+)$/.exec(name)?.[1];
  if (what === undefined) return [];
  // In tens, so that the comment is not edited each second.
  const ms = Math.floor((now - startedAt) / 10_000) * 10_000;
  return [{ what, span: ms > 0 ? formatSpan(ms) : null }];
}
