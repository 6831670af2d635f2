import { holdsPlace } from "./admission.ts";
import type { Preview } from "./preview.ts";

/** Nobody is warned longer before the end than this. */
const dayMs = 86_400_000;

/** When somebody last pushed, asked for a deployment, or looked at it; who waited for a place begins with it. */
export function lastUsedAt({ spec, visitedAt, admittedAt }: Preview): number {
  return Math.max(spec.activeAt, visitedAt ?? 0, admittedAt ?? 0);
}

/** When it goes if nobody uses it until then (epoch milliseconds); null for what is not up or stays. `ttlMs` null: no end. */
export function expiresAt(preview: Preview, ttlMs: number | null): number | null {
  const { wanted, pinned, keptUntil, wantedSince } = preview.spec;
  if (ttlMs === null || wanted !== "running" || pinned) return null;
  // Who waits for a place cannot be used.
  if (!holdsPlace({ admittedAt: preview.admittedAt, wantedSince, rests: false })) return null;
  return Math.max(lastUsedAt(preview) + ttlMs, keptUntil ?? 0);
}

/** True in the last sixth of its time, at most a day: what is told once, while there is time to act. */
export function isNearItsEnd(preview: Preview, ttlMs: number | null, now: number): boolean {
  const end = expiresAt(preview, ttlMs);
  return end !== null && now >= end - Math.min((ttlMs ?? 0) / 6, dayMs);
}
