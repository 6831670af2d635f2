import { describe, expect, test } from "vitest";
import type { Preview, PullRequest } from "../../src/domain/preview.ts";
import { decidePull, decideVerb } from "../../src/intake/decide.ts";

const pull: PullRequest = {
  repositoryId: 7,
  repository: "acme/shop",
  private: false,
  number: 42,
  title: "Cart",
  author: "ann",
  open: true,
  merged: false,
  draft: false,
  headCommit: "a".repeat(40),
  headRef: "cart",
  headRepositoryId: 7,
  baseRef: "main",
  labels: [],
};
const unread: Preview = {
  key: "7-42",
  slug: "shop-pr-42",
  repositoryId: 7,
  repository: "acme/shop",
  number: 42,
  revision: 0,
  createdAt: 0,
  goneAt: null,
  spec: {
    wanted: "blocked",
    reason: "unread",
    generation: 0,
    pull: null,
    redeploys: 0,
    resets: 0,
    takenBack: 0,
    cause: "",
  },
};

function next(preview: Preview, said: PullRequest | null): Preview {
  const decision = decidePull(preview, said);
  return decision.kind === "changed" ? decision.preview : preview;
}
const open = next(unread, pull);

describe("what the forge says of a pull request", () => {
  test.each<[string, Preview, PullRequest | null, string, string, number]>([
    ["opened", unread, pull, "running", "open", 1],
    ["the same again changes nothing", open, pull, "running", "open", 1],
    ["a push is a new generation", open, { ...pull, headCommit: "b".repeat(40) }, "running", "open", 2],
    ["another base is a new generation", open, { ...pull, baseRef: "next" }, "running", "open", 2],
    ["a new title is not", open, { ...pull, title: "Basket" }, "running", "open", 1],
    ["a draft is run", unread, { ...pull, draft: true }, "running", "open", 1],
    ["merged", open, { ...pull, open: false, merged: true }, "absent", "merged", 1],
    ["closed", open, { ...pull, open: false }, "absent", "closed", 1],
    ["reopened at the same commit runs anew", next(open, { ...pull, open: false }), pull, "running", "open", 2],
    ["a fork is blocked", unread, { ...pull, headRepositoryId: 8 }, "blocked", "fork", 0],
    ["a deleted head repository is a fork", unread, { ...pull, headRepositoryId: null }, "blocked", "fork", 0],
    ["of a private repository", unread, { ...pull, private: true }, "running", "open", 1],
    ["a repository that became private goes on", open, { ...pull, private: true }, "running", "open", 1],
    ["gone from the forge", open, null, "absent", "repository-gone", 1],
  ])("%s", (_name, before, said, wanted, reason, generation) => {
    expect(next(before, said).spec).toMatchObject({ wanted, reason, generation });
  });

  test("asked twice, it answers the same", () => {
    for (const said of [pull, { ...pull, open: false }, { ...pull, headRepositoryId: 8 }, null]) {
      const once = next(unread, said);
      expect(decidePull(once, said).kind).toBe("unchanged");
    }
  });
});

describe("what a person with permission says", () => {
  const verb = (preview: Preview, name: Parameters<typeof decideVerb>[1]) => decideVerb(preview, name, "ann");

  test("redeploy and reset make a new generation, and only reset means new data", () => {
    expect(verb(open, "redeploy")).toMatchObject({
      kind: "changed",
      preview: { spec: { generation: 2, redeploys: 1, resets: 0 } },
    });
    expect(verb(open, "reset")).toMatchObject({
      kind: "changed",
      preview: { spec: { generation: 2, redeploys: 0, resets: 1 } },
    });
  });

  test("destroy removes until deploy, whatever is pushed meanwhile", () => {
    const decision = verb(open, "destroy");
    if (decision.kind !== "changed") throw new Error("destroy must change the wish");
    expect(decision.preview.spec).toMatchObject({ wanted: "absent", reason: "destroyed", generation: 1 });
    const pushed = next(decision.preview, { ...pull, headCommit: "c".repeat(40) });
    expect(pushed.spec).toMatchObject({ wanted: "absent", reason: "destroyed" });
    expect(verb(pushed, "deploy")).toMatchObject({
      preview: { goneAt: null, spec: { wanted: "running", generation: 2 } },
    });
  });

  test.each<[string, Preview, Parameters<typeof decideVerb>[1]]>([
    ["deploy of what is up", open, "deploy"],
    ["destroy of what is destroyed", next(open, { ...pull, open: false }), "destroy"],
    ["redeploy of a closed pull request", next(open, { ...pull, open: false }), "redeploy"],
    ["deploy of a fork", next(unread, { ...pull, headRepositoryId: 8 }), "deploy"],
    ["anything before the pull request is known", unread, "redeploy"],
  ])("%s changes nothing and says why", (_name, preview, name) => {
    expect(verb(preview, name)).toEqual({ kind: "unchanged", reason: expect.stringMatching(/./) });
  });
});
