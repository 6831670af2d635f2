import { describe, expect, test } from "vitest";
import type { Preview, PullRequest } from "../../src/domain/preview.ts";
import { type Decision, decidePull, decideVerb, type Rules } from "../../src/intake/decide.ts";
import type { Earlier } from "../../src/intake/rollback.ts";
import { previewOf, pullRequest } from "../support/pull.ts";

const bad = "b".repeat(40);
const earlier: Earlier = { generation: 1, commit: "a".repeat(40), forbidden: [] };
const rules: Rules = {
  now: 1000,
  ttlMs: 3000,
  when: { drafts: true, bots: true, label: null, paths: [] },
  forks: "allow",
  serving: 2,
  sources: null,
  earlier,
};
const pull = pullRequest({ headCommit: bad });
const after = (decision: Decision): Preview => {
  if (decision.kind === "unchanged") throw new Error(decision.reason);
  return decision.preview;
};
const read = (preview: Preview, said: PullRequest, given = rules, push: string[] | null = null) =>
  decidePull(preview, said, given, push && { pull: null, push });
const up = after(read(previewOf(), pull));
const say = (preview: Preview, verb: "rollback" | "redeploy", given = rules) =>
  decideVerb(preview, { verb, argument: null, by: "ann" }, given);
const back = after(say(up, "rollback"));

describe("a rollback", () => {
  test("is a new generation of the earlier commit, on the data that there is", () => {
    expect(back.spec).toMatchObject({
      generation: up.spec.generation + 1,
      commit: earlier.commit,
      rollback: { generation: 1, commit: earlier.commit },
      resetBy: up.spec.resetBy,
      cause: "/rollback by ann",
      wanted: "running",
    });
  });

  test("holds when the pull request is read again", () => {
    expect(read(back, pull).kind).toBe("unchanged");
  });

  test("ends with the next push, whatever that changes", () => {
    const pushed = { ...pull, headCommit: "c".repeat(40) };
    const given = { ...rules, sources: ["web/"] };
    expect(after(read(back, pushed, given, ["README.md"])).spec).toMatchObject({
      commit: pushed.headCommit,
      rollback: null,
    });
  });

  test("ends with /redeploy, which returns to the newest commit", () => {
    expect(after(say(back, "redeploy")).spec).toMatchObject({ commit: bad, rollback: null });
  });

  test("ends with the pull request", () => {
    expect(after(read(back, { ...pull, open: false })).spec).toMatchObject({ wanted: "absent", rollback: null });
  });

  test.each<[string, Preview, Partial<Rules>, string]>([
    ["nothing before", up, { earlier: null }, "no deployment of another commit was ready before"],
    ["nothing that serves", up, { serving: null }, "nothing is up that could be rolled back"],
    [
      "a commit of a fork that nobody allowed",
      after(read(previewOf({ allowed: [bad] }), { ...pull, headRepositoryId: 8 })),
      {},
      "a fork's commit that may not run now",
    ],
    [
      "what the operator allows no more",
      up,
      { earlier: { ...earlier, forbidden: ["cap_add:NET_ADMIN"] } },
      "makes use of cap_add:NET_ADMIN: the operator does not allow that any more",
    ],
  ])("is refused where there is %s", (_name, preview, given, why) => {
    const decision = say(preview, "rollback", { ...rules, ...given });
    expect(decision).toEqual({ kind: "unchanged", reason: expect.stringContaining(why) });
  });
});
