import { describe, expect, test } from "vitest";
import { expiresAt, isNearItsEnd } from "../../src/domain/lifetime.ts";
import { type Preview, type PreviewSpec, unread } from "../../src/domain/preview.ts";
import type { KeepingVerb } from "../../src/domain/verbs.ts";
import { decideExpiry, decideKeeping, type Term } from "../../src/intake/keep.ts";
import { previewOf } from "../support/pull.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Pushed at 0, never visited. */
function up(spec: Partial<PreviewSpec> = {}, visitedAt: number | null = null): Preview {
  return previewOf({
    visitedAt,
    admittedAt: 0,
    spec: { ...unread, wanted: "running", reason: "open", generation: 4, ...spec },
  });
}
const at = (now: number): Term => ({ now, ttlMs: 3 * dayMs });

describe("a preview that nobody uses", () => {
  test.each<[string, Preview, number | null]>([
    ["ends three days after the push", up(), 3 * dayMs],
    ["ends three days after the last visit", up({}, dayMs), 4 * dayMs],
    ["or push, when that was later", up({ activeAt: 2 * dayMs }, dayMs), 5 * dayMs],
    ["or when it was extended to, when that is later", up({ keptUntil: 9 * dayMs }, dayMs), 9 * dayMs],
    ["and not before, when that is earlier", up({ keptUntil: dayMs }, dayMs), 4 * dayMs],
    ["has no end while it is pinned", up({ pinned: true }), null],
    ["has no end when it is not there", up({ wanted: "absent" }), null],
  ])("%s", (_name, preview, end) => {
    expect(expiresAt(preview, 3 * dayMs)).toBe(end);
    if (end === null) return;
    expect(decideExpiry(preview, at(end - 1)).kind).toBe("unchanged");
    expect(decideExpiry(preview, at(end))).toMatchObject({
      preview: { spec: { wanted: "absent", reason: "expired", generation: 4 } },
    });
  });

  test.each([
    [3 * dayMs, 12 * hourMs],
    [30 * dayMs, dayMs],
    [hourMs, 10 * 60_000],
  ])("that lives %i ms is warned of its end %i ms before", (ttlMs, before) => {
    const end = expiresAt(up(), ttlMs) ?? 0;
    expect(isNearItsEnd(up(), ttlMs, end - before - 1)).toBe(false);
    expect(isNearItsEnd(up(), ttlMs, end - before)).toBe(true);
  });
});

describe("how long it is kept is for people to say, and replaces nothing", () => {
  const say = (preview: Preview, verb: KeepingVerb, argument: string | null = null) =>
    decideKeeping(preview, { verb, argument }, at(dayMs));

  test.each<[string, KeepingVerb, string | null, Preview, Partial<PreviewSpec>]>([
    ["pin", "pin", null, up(), { pinned: true }],
    ["unpin, and its time begins anew", "unpin", null, up({ pinned: true }), { pinned: false, activeAt: dayMs }],
    ["extend by another full term", "extend", null, up(), { keptUntil: 4 * dayMs }],
    ["extend by what is said", "extend", "10d", up(), { keptUntil: 11 * dayMs }],
  ])("%s", (_name, verb, argument, preview, change) => {
    expect(say(preview, verb, argument)).toEqual({
      kind: "changed",
      preview: { ...preview, spec: { ...preview.spec, ...change } },
    });
  });

  test.each<[string, KeepingVerb, string | null, Preview]>([
    ["pinned already", "pin", null, up({ pinned: true })],
    ["not pinned", "unpin", null, up()],
    ["without an end", "extend", "7d", up({ pinned: true })],
    ["how long", "extend", "soon", up()],
    ["90d is the most", "extend", "91d", up()],
    ["a minute is the least", "extend", "5s", up()],
    ["for longer anyway", "extend", "1h", up()],
    ["`/deploy` brings it up", "pin", null, up({ wanted: "absent", reason: "expired" })],
  ])("%s: nothing changes, and the reason is told", (reason, verb, argument, preview) => {
    expect(say(preview, verb, argument)).toEqual({ kind: "unchanged", reason: expect.stringContaining(reason) });
  });
});
