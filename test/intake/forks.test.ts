import { describe, expect, test } from "vitest";
import { type Preview, type PullRequest, unread } from "../../src/domain/preview.ts";
import { type Decision, decideAllowed, decidePull, decideVerb, type Rules } from "../../src/intake/decide.ts";
import { heldBack, judgeAllow } from "../../src/intake/forks.ts";
import { previewOf, pullRequest } from "../support/pull.ts";

const head = "def5678def5678def5678def5678def5678def567";
const fork = pullRequest({ author: "mallory", headCommit: head, headRepositoryId: 8 });
const team = { ...fork, headRepositoryId: 7 };
const rules: Rules = {
  now: 1,
  ttlMs: null,
  when: { drafts: true, bots: true, label: null, paths: [] },
  forks: "allow",
  serving: null,
  sources: null,
};
const preview = (pull: PullRequest | null, allowed: string[] = [], spec = {}): Preview =>
  previewOf({ allowed, spec: { ...unread, wanted: "blocked", reason: "fork", pull, ...spec } });
const wishOf = (decision: Decision) => (decision.kind === "changed" ? decision.preview.spec : decision);

test.each<[string, PullRequest, string[], "allow" | "never", string | null]>([
  ["the team's commit", team, [], "allow", null],
  ["the team's commit where forks never run", team, [], "never", null],
  ["a fork's", fork, [], "allow", "fork"],
  ["a fork's whose repository was deleted", { ...fork, headRepositoryId: null }, [], "allow", "fork"],
  ["a fork's that was allowed", fork, [head], "allow", null],
  ["a fork's of which another was allowed", fork, ["a".repeat(40)], "allow", "fork"],
  ["a fork's of which the beginning was allowed", fork, [head.slice(0, 12)], "allow", "fork"],
  ["an allowed one where forks never run", fork, [head], "never", "forks-never"],
])("%s is held back as told", (_name, pull, allowed, forks, held) => {
  expect(heldBack(pull, allowed, forks)).toBe(held);
});

describe("/allow", () => {
  test.each([
    ["the whole commit", head],
    ["7 of its digits", head.slice(0, 7)],
    ["them in capitals", head.slice(0, 9).toUpperCase()],
  ])("means the newest commit by %s", (_name, said) => {
    expect(judgeAllow(preview(fork), said, "allow")).toEqual({ kind: "commit", commit: head });
  });

  test.each<[string, PullRequest | null, string | null, "allow" | "never", string]>([
    ["without a commit", fork, null, "allow", "say which commit, after a look at it: `/allow def5678def56`"],
    ["with 6 digits", fork, head.slice(0, 6), "allow", "at least 7"],
    ["with a branch's name", fork, "cart-next", "allow", "at least 7"],
    ["with a pattern", fork, ".......", "allow", "at least 7"],
    ["with another commit", fork, "abc1234", "allow", "`abc1234` is not the newest commit"],
    ["with more than the commit", fork, `${head}0`, "allow", "is not the newest commit"],
    ["with the end of it", fork, head.slice(10), "allow", "is not the newest commit"],
    ["for the team's own", team, head, "allow", "does not come from a fork"],
    ["where the operator never runs forks", fork, head, "never", "`forks: never`"],
    ["for one that is closed", { ...fork, open: false }, head, "allow", "closed"],
    ["before it is known", null, head, "allow", "not known"],
  ])("%s changes nothing, and says why", (_name, pull, said, forks, reason) => {
    expect(judgeAllow(preview(pull), said, forks)).toEqual({
      kind: "unchanged",
      reason: expect.stringContaining(reason),
    });
  });

  test("runs the commit, as a new generation, and once", () => {
    const decision = decideAllowed(preview(fork, [head]), { commit: head, by: "bob" }, rules);
    expect(wishOf(decision)).toMatchObject({
      wanted: "running",
      generation: 1,
      commit: head,
      cause: "def5678 allowed by bob",
    });
    const running = decision.kind === "changed" ? decision.preview : preview(fork);
    expect(decideAllowed(running, { commit: head, by: "bob" }, rules).kind).toBe("unchanged");
    expect(decidePull(running, fork, rules).kind).toBe("unchanged");
  });

  test.each<[string, Preview]>([
    ["a push came between the word and the deed", preview({ ...fork, headCommit: "a".repeat(40) }, [head])],
    ["it is not stored", preview(fork)],
    ["it was closed meanwhile", preview({ ...fork, open: false }, [head])],
  ])("does nothing when %s", (_name, before) => {
    expect(decideAllowed(before, { commit: head, by: "bob" }, rules).kind).toBe("unchanged");
  });
});

describe("an allowed fork", () => {
  const running = preview(fork, [head], { wanted: "running", reason: "open", generation: 1, commit: head });

  test("is blocked again by a push, also when an event tells of it while GitHub is down", () => {
    const pushed = decidePull(running, { ...fork, headCommit: "a".repeat(40) }, rules);
    expect(wishOf(pushed)).toMatchObject({ wanted: "blocked", reason: "fork", generation: 1 });
  });

  test("is blocked once the operator says never", () => {
    expect(wishOf(decidePull(running, fork, { ...rules, forks: "never" }))).toMatchObject({ reason: "forks-never" });
  });

  test("may be redeployed, reset and destroyed", () => {
    for (const verb of ["redeploy", "reset", "destroy"] as const)
      expect(decideVerb(running, { verb, argument: null, by: "bob" }, rules).kind).toBe("changed");
  });
});

test("no verb runs a fork's commit that nobody allowed, whatever the reason it does not run", () => {
  for (const spec of [{}, { wanted: "absent", reason: "draft" }, { wanted: "absent", reason: "destroyed" }])
    for (const verb of ["deploy", "redeploy", "reset"] as const)
      expect(decideVerb(preview(fork, [], spec), { verb, argument: null, by: "bob" }, rules).kind).toBe("unchanged");
});
