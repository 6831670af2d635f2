import { describe, expect, test } from "vitest";
import { type RestLevel, sleptOf } from "../../src/domain/rest.ts";
import type { Preview, PreviewSpec } from "../../src/domain/preview.ts";
import { decideDrowsy, decideEnded, decidePressed, decideRestVerb, decideVisited } from "../../src/intake/rest.ts";
import { previewOf, pullRequest } from "../support/pull.ts";

const now = 1_000_000;
const term = { now, serving: 3, freezeAfterMs: 100, stopAfterMs: 1000 };

function preview(spec: Partial<Preview["spec"]> = {}): Preview {
  const base = previewOf();
  const up = { wanted: "running" as const, reason: "open" as const, generation: 3, pull: pullRequest() };
  return { ...base, spec: { ...base.spec, ...up, ...spec } };
}
const rest = (level: "awake" | "frozen" | "stopped", generation = 3) => ({
  rest: { generation, level, since: 500, until: level === "awake" ? 600 : null },
});

describe("what nobody uses", () => {
  test.each([
    ["is left awake before its time", 99, {}, null],
    ["freezes", 100, {}, "frozen"],
    ["is stopped, frozen or not", 1000, {}, "stopped"],
    ["is stopped later", 1000, rest("frozen"), "stopped"],
    ["stays frozen until then", 999, rest("frozen"), null],
    ["stays stopped", 9999, rest("stopped"), null],
    ["freezes again", 100, rest("awake"), "frozen"],
    ["freezes whatever became of a generation before", 100, rest("stopped", 2), "frozen"],
    ["never sleeps while it is pinned", 9999, { pinned: true }, null],
    ["wakes when it is pinned", 9999, { pinned: true, ...rest("stopped") }, "awake"],
    ["does not sleep when it should not run", 9999, { wanted: "absent" as const }, null],
  ])("%s", (_what, unusedMs, spec, expected) => {
    const decision = decideDrowsy(preview(spec), now - unusedMs, term);
    expect(decision.kind === "changed" ? decision.preview.spec.rest?.level : null).toBe(expected);
  });

  test("never sleeps where the operator says so, nor while nothing serves", () => {
    expect(decideDrowsy(preview(), 0, { ...term, freezeAfterMs: null, stopAfterMs: null }).kind).toBe("unchanged");
    expect(decideDrowsy(preview(), 0, { ...term, serving: null }).kind).toBe("unchanged");
  });

  test("sleeps from the first moment on: what ends meanwhile ended because of it", () => {
    const decision = decideDrowsy(preview(rest("frozen")), 0, term);
    if (decision.kind !== "changed") throw new Error(decision.reason);
    expect(decision.preview.spec.rest).toEqual({ generation: 3, level: "stopped", since: 500, until: null });
    expect(decision.preview.spec.generation).toBe(3);
    expect(sleptOf(decision.preview.spec, 3)).toEqual({ since: 500, until: Infinity });
    expect(sleptOf(decision.preview.spec, 4)).toBeNull();
  });
});

describe("a visit, /wake and /sleep", () => {
  const level = (decision: ReturnType<typeof decideVisited>) =>
    decision.kind === "changed" ? decision.preview.spec.rest?.level : decision.reason;

  test.each([
    ["a visit wakes what is frozen", decideVisited(preview(rest("frozen")), term), "awake"],
    ["a visit changes nothing of what is awake", decideVisited(preview(), term), "it is awake"],
    ["/wake wakes what is stopped", decideRestVerb(preview(rest("stopped")), "wake", term), "awake"],
    ["/wake says that it is awake", decideRestVerb(preview(), "wake", term), "it is awake"],
    ["/sleep stops", decideRestVerb(preview(), "sleep", term), "stopped"],
    ["/sleep stops what is frozen", decideRestVerb(preview(rest("frozen")), "sleep", term), "stopped"],
    ["/sleep says that it sleeps", decideRestVerb(preview(rest("stopped")), "sleep", term), "it sleeps already"],
    [
      "/sleep says why not while it is pinned",
      decideRestVerb(preview({ pinned: true }), "sleep", term),
      "it is pinned, which keeps it awake; `/unpin` lets it sleep",
    ],
    [
      "/sleep says that nothing is up",
      decideRestVerb(preview(), "sleep", { ...term, serving: null }),
      "nothing is up that could sleep",
    ],
  ])("%s", (_what, decision, expected) => {
    expect(level(decision)).toBe(expected);
  });

  test("what is awake can be asked again what people wrote to it", () => {
    const { rest: stopped } = rest("stopped");
    const decision = decideVisited(preview({ rest: { ...stopped, unseen: true } }), term);
    expect(decision.kind === "changed" && decision.preview.spec.rest).not.toHaveProperty("unseen");
  });

  test("waking is use: its time begins anew", () => {
    const decision = decideVisited(preview(rest("stopped")), term);
    expect(decision.kind === "changed" && decision.preview.spec).toMatchObject({ activeAt: now, rest: { until: now } });
  });
});

describe("sleeping for others, and with the engine", () => {
  const slept = (level: RestLevel, since = 500) => ({ rest: { generation: 3, level, since, until: null } });
  const told = (decision: ReturnType<typeof decidePressed>) =>
    decision.kind === "changed" ? decision.preview.spec.rest : decision.reason;

  test.each<[string, Partial<PreviewSpec>, "frozen" | "stopped", unknown]>([
    ["what is awake is frozen", {}, "frozen", { generation: 3, level: "frozen", since: now, until: null }],
    ["what is frozen is stopped, of the same sleep", slept("frozen"), "stopped", slept("stopped").rest],
    ["what is stopped stays so", slept("stopped"), "frozen", "it sleeps already"],
    ["what is pinned stays awake", { pinned: true }, "stopped", "it is pinned"],
  ])("for others: %s", (_name, spec, level, expected) => {
    expect(told(decidePressed(preview(spec), level, { now, serving: 3 }))).toEqual(expected);
  });

  test.each<[string, Partial<PreviewSpec>, unknown]>([
    ["what was awake sleeps since its engine ended", {}, { ...slept("stopped", 700).rest, unseen: true }],
    ["what is pinned too, until it is woken", { pinned: true }, { ...slept("stopped", 700).rest, unseen: true }],
    ["what was frozen sleeps since before", slept("frozen"), slept("stopped").rest],
    ["what was stopped is left as it is", slept("stopped"), "it does not run anyway"],
  ])("with the engine: %s", (_name, spec, expected) => {
    expect(told(decideEnded(preview(spec), 700, { now, serving: 3 }))).toEqual(expected);
  });
});
