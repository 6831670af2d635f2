import type { Preview, PreviewSpec } from "../domain/preview.ts";
import { type RestLevel, restLevelOf } from "../domain/rest.ts";
import type { RestingVerb } from "../domain/verbs.ts";
import type { Decision } from "./decide.ts";

/** What serves now, and when it is decided (epoch milliseconds). */
export type Serving = { now: number; /** Null: nothing. */ serving: number | null };

/** When what nobody uses goes to sleep: after so long its processes stand still, after so long they end. Null: never. */
export type Drowsiness = { freezeAfterMs: number | null; stopAfterMs: number | null };

/** A verb that says how much of what serves runs: nothing is aborted, no generation begins. */
export function decideRestVerb(preview: Preview, verb: RestingVerb, { now, serving }: Serving): Decision {
  if (preview.spec.wanted !== "running" || serving === null) return unchanged("nothing is up that could sleep");
  const level = restLevelOf(preview.spec, serving);
  if (verb === "wake") {
    return level === "awake" ? unchanged("it is awake") : woken(preview, { rest: preview.spec.rest, now });
  }
  if (preview.spec.pinned) return unchanged("it is pinned, which keeps it awake; `/unpin` lets it sleep");
  if (level === "stopped") return unchanged("it sleeps already");
  return putToSleep(preview, "stopped", { now, serving });
}

/** Somebody came: what sleeps wakes. The visit itself is written where visits are. */
export function decideVisited(preview: Preview, { now, serving }: Serving): Decision {
  const { spec } = preview;
  if (spec.wanted !== "running" || serving === null || restLevelOf(spec, serving) === "awake")
    return unchanged("it is awake");
  return woken(preview, { rest: spec.rest, now });
}

/** What nobody used since `usedAt` (epoch milliseconds) freezes, and later stops; what is pinned never sleeps. */
export function decideDrowsy(
  preview: Preview,
  usedAt: number,
  { now, serving, freezeAfterMs, stopAfterMs }: Serving & Drowsiness,
): Decision {
  const { spec } = preview;
  if (spec.wanted !== "running" || serving === null) return unchanged("nothing is up that could sleep");
  const level = restLevelOf(spec, serving);
  if (spec.pinned) {
    return level === "awake" ? unchanged("it is pinned") : woken(preview, { rest: spec.rest, now });
  }
  const unusedMs = now - usedAt;
  if (stopAfterMs !== null && unusedMs >= stopAfterMs && level !== "stopped")
    return putToSleep(preview, "stopped", { now, serving });
  if (freezeAfterMs !== null && unusedMs >= freezeAfterMs && level === "awake")
    return putToSleep(preview, "frozen", { now, serving });
  return unchanged("it is in use, or sleeps already");
}

/** Others need the room that it takes. */
export function decidePressed(preview: Preview, to: Exclude<RestLevel, "awake">, { now, serving }: Serving): Decision {
  const { spec } = preview;
  if (spec.wanted !== "running" || serving === null) return unchanged("nothing is up that could sleep");
  if (spec.pinned) return unchanged("it is pinned");
  const level = restLevelOf(spec, serving);
  if (level === "stopped" || level === to) return unchanged("it sleeps already");
  return putToSleep(preview, to, { now, serving });
}

/** Its engine ended and came back: what had ended with it since `endedAt` sleeps until somebody comes, frozen before or not. */
export function decideEnded(preview: Preview, endedAt: number, { serving }: Serving): Decision {
  const { spec } = preview;
  const level = spec.wanted === "running" && serving !== null ? restLevelOf(spec, serving) : null;
  if (serving === null || level === null || level === "stopped") return unchanged("it does not run anyway");
  const since = level === "frozen" ? Math.min(spec.rest?.since ?? endedAt, endedAt) : endedAt;
  const unseen = level === "awake" && { unseen: true as const };
  return changed(preview, { rest: { generation: serving, level: "stopped", since, until: null, ...unseen } });
}

function putToSleep(
  preview: Preview,
  level: Exclude<RestLevel, "awake">,
  { now, serving }: { now: number; serving: number },
): Decision {
  const { rest } = preview.spec;
  // One sleep from the first moment on: what ends in between ended because of it.
  const since = rest?.generation === serving && rest.level !== "awake" ? rest.since : now;
  return changed(preview, { rest: { generation: serving, level, since, until: null } });
}

function woken(preview: Preview, { rest, now }: { rest: PreviewSpec["rest"]; now: number }): Decision {
  if (rest === null) return changed(preview, { activeAt: now });
  // Whatever is awake can be asked.
  const { unseen: _unseen, ...slept } = rest;
  return changed(preview, { rest: { ...slept, level: "awake", until: now }, activeAt: now });
}

function changed(preview: Preview, change: Partial<PreviewSpec>): Decision {
  return { kind: "changed", preview: { ...preview, spec: { ...preview.spec, ...change } } };
}

function unchanged(reason: string): Decision {
  return { kind: "unchanged", reason };
}
