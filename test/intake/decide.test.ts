import { describe, expect, test } from "vitest";
import { localRepositoryId } from "../../src/domain/local.ts";
import type { Preview, PullRequest } from "../../src/domain/preview.ts";
import type { ChangingVerb } from "../../src/domain/verbs.ts";
import { type ChangedFiles, decidePull, decideVerb, needsFiles, type Rules } from "../../src/intake/decide.ts";
import { previewOf, pullRequest } from "../support/pull.ts";

const pull = pullRequest();
const unread = previewOf();

const rules: Rules = {
  now: 1000,
  ttlMs: 3000,
  when: { drafts: true, bots: true, label: null, paths: [] },
  forks: "allow",
  serving: null,
  sources: null,
};

function next(preview: Preview, said: PullRequest | null, given = rules, files: ChangedFiles | null = null): Preview {
  const decision = decidePull(preview, said, given, files);
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
      expect(decidePull(once, said, rules).kind).toBe("unchanged");
    }
  });
});

describe("/restore", () => {
  const kept = (name: string, replacedBy: number) => ({
    name: `shop_pgdata_${name}`,
    volume: "pgdata",
    service: "db",
    image: "postgres:17",
    edition: null,
    cause: "/reset",
    replacedBy,
    until: 9000,
  });
  const retired = [kept("bb", 3), kept("aa", 2)];
  const none = { done: 0, due: 0 };
  const say = (data: Rules["data"], argument: string | null = null, resetBy = 0) =>
    decideVerb(
      { ...open, spec: { ...open.spec, resetBy } },
      { verb: "restore", argument, by: "ann" },
      { ...rules, ...(data && { data }) },
    );

  test.each([
    ["nothing serves", undefined, null, "nothing is up"],
    ["nothing was replaced", { reset: none, retired: [] }, null, "no data was replaced"],
    ["there is no such id", { reset: none, retired }, "cc", "no replaced data of that id"],
  ])("changes nothing where %s", (_when, data, id, reason) => {
    expect(say(data, id)).toMatchObject({ kind: "unchanged", reason: expect.stringContaining(reason) });
  });

  test("wants what was replaced last, or what an id says, in a generation of its own", () => {
    const wish = (id: string | null) => ({
      spec: { generation: 2, cause: "/restore by ann", restore: { generation: 2, id } },
    });
    expect(say({ reset: none, retired })).toMatchObject({ kind: "changed", preview: wish(null) });
    expect(say({ reset: none, retired }, "aa")).toMatchObject({ kind: "changed", preview: wish("aa") });
  });

  test("takes back a reset that is not done yet", () => {
    expect(say({ reset: { done: 0, due: 2 }, retired: [] }, null, 2)).toMatchObject({
      kind: "changed",
      preview: { spec: { generation: 2, resetBy: 0, restore: null } },
    });
  });
});

describe("what a person with permission says", () => {
  const verb = (preview: Preview, name: ChangingVerb) =>
    decideVerb(preview, { verb: name, argument: null, by: "ann" }, rules);

  test("redeploy and reset make a new generation, and only reset means new data", () => {
    expect(verb(open, "redeploy")).toMatchObject({
      kind: "changed",
      preview: { spec: { generation: 2, redeploys: 1, resetBy: 0 } },
    });
    expect(verb(open, "reset")).toMatchObject({
      kind: "changed",
      preview: { spec: { generation: 2, redeploys: 0, resetBy: 2 } },
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

  test.each<[string, Preview, ChangingVerb]>([
    ["deploy of what is up", open, "deploy"],
    ["destroy of what is destroyed", next(open, { ...pull, open: false }), "destroy"],
    ["redeploy of a closed pull request", next(open, { ...pull, open: false }), "redeploy"],
    ["deploy of a fork", next(unread, { ...pull, headRepositoryId: 8 }), "deploy"],
    ["anything before the pull request is known", unread, "redeploy"],
  ])("%s changes nothing and says why", (_name, preview, name) => {
    expect(verb(preview, name)).toEqual({ kind: "unchanged", reason: expect.stringMatching(/./) });
  });
});

describe("the rules of a repository", () => {
  const local = localRepositoryId("here");
  const strict: Rules = {
    ...rules,
    when: { drafts: false, bots: false, label: "Preview", paths: [] },
  };
  const labelled = { ...pull, labels: ["preview"] };
  const up = next(unread, labelled, strict);

  test.each<[string, Preview, PullRequest, string, string]>([
    ["what has the label, in any case, runs", unread, labelled, "running", "open"],
    ["without it nothing is to be done", unread, pull, "absent", "label"],
    ["a label that is taken away ends it", up, pull, "absent", "label"],
    ["a draft waits until it is ready for review", unread, { ...labelled, draft: true }, "absent", "draft"],
    ["a draft that is ready runs", next(unread, { ...labelled, draft: true }, strict), labelled, "running", "open"],
    ["what became a draft goes", up, { ...labelled, draft: true }, "absent", "draft"],
    ["a bot's is left out", unread, { ...labelled, author: "renovate[bot]" }, "absent", "bot"],
    ["a person named bot is not one", unread, { ...labelled, author: "robot" }, "running", "open"],
    ["the title can say no", unread, { ...labelled, title: "WIP [Skip Preview] cart" }, "absent", "skipped"],
    [
      "a title that no longer says it",
      next(unread, { ...labelled, title: "[skip preview]" }, strict),
      labelled,
      "running",
      "open",
    ],
    [
      "the title of somebody's own directory says nothing: it is the newest commit's",
      unread,
      { ...labelled, repositoryId: local, headRepositoryId: local, title: "[skip preview] of docs" },
      "running",
      "open",
    ],
    ["a fork that is not wanted is not asked about", unread, { ...pull, headRepositoryId: 8 }, "absent", "label"],
    ["closing says more than the label", up, { ...pull, open: false, merged: true }, "absent", "merged"],
  ])("%s", (_name, before, said, wanted, reason) => {
    const after = next(before, said, strict);
    expect(after.spec).toMatchObject({ wanted, reason });
    expect(decidePull(after, said, strict).kind).toBe("unchanged");
  });

  test("/deploy by someone with permission stands over them, until it ends", () => {
    const decision = decideVerb(next(unread, pull, strict), { verb: "deploy", argument: null, by: "ann" }, strict);
    if (decision.kind !== "changed") throw new Error("deploy must change the wish");
    expect(next(decision.preview, { ...pull, headCommit: "b".repeat(40) }, strict).spec).toMatchObject({
      wanted: "running",
      generation: 2,
    });
    const reopened = next(next(decision.preview, { ...pull, open: false }, strict), pull, strict);
    expect(reopened.spec).toMatchObject({ wanted: "absent", reason: "label" });
  });

  test("what was destroyed stays destroyed, whatever its labels", () => {
    const decision = decideVerb(up, { verb: "destroy", argument: null, by: "ann" }, strict);
    if (decision.kind !== "changed") throw new Error("destroy must change the wish");
    for (const said of [pull, labelled]) expect(next(decision.preview, said, strict).spec.reason).toBe("destroyed");
  });
});

describe("paths", () => {
  const mono: Rules = { ...rules, when: { ...rules.when, paths: ["apps/shop/**", "!**/*.md"] } };
  const made: Rules = { ...rules, sources: ["compose.yaml", "apps/shop", "apps/shop/"] };
  const shop: ChangedFiles = { pull: ["apps/shop/cart.ts"], push: null };
  const pushed = { ...pull, headCommit: "b".repeat(40) };
  const up = next(unread, pull, mono, shop);

  test.each<[string, string[], string]>([
    ["a file of them", ["README", "apps/shop/src/cart.ts"], "running"],
    ["a dot file of them", ["apps/shop/.env.preview"], "running"],
    ["none of them", ["apps/blog/index.ts"], "absent"],
    ["only what is taken out again", ["apps/shop/README.md"], "absent"],
    ["nothing at all", [], "absent"],
  ])("%s", (_name, files, wanted) => {
    const after = next(unread, pull, mono, { pull: files, push: null });
    expect(after.spec.wanted).toBe(wanted);
    expect(next(after, pull, mono).spec).toEqual(after.spec);
  });

  test("a push that changes none of them keeps what serves, and later ones are compared with that", () => {
    const kept = next(up, pushed, mono, { ...shop, push: ["apps/blog/index.ts"] });
    expect(kept.spec).toMatchObject({
      generation: 1,
      commit: pull.headCommit,
      pull: { headCommit: pushed.headCommit },
    });
    const other = next(kept, { ...pull, headCommit: "c".repeat(40) }, mono, { ...shop, push: ["apps/shop/cart.ts"] });
    expect(other.spec).toMatchObject({ generation: 2, commit: "c".repeat(40) });
  });

  test("a push of which the files are not known is deployed", () => {
    expect(next(up, pushed, mono, { ...shop, push: null }).spec).toMatchObject({ generation: 2 });
  });

  test("a push after which nothing of them is changed any more ends it", () => {
    const reverted = next(up, pushed, mono, { pull: ["README"], push: ["apps/shop/cart.ts"] });
    expect(reverted.spec).toMatchObject({ wanted: "absent", reason: "paths", detail: "apps/shop/**, !**/*.md" });
  });

  test.each<[string, Preview, PullRequest, Rules, ReturnType<typeof needsFiles>]>([
    ["at first", unread, pull, mono, "all"],
    ["not twice for the same commit", up, pull, mono, "none"],
    ["after a push", up, pushed, mono, "all"],
    ["after another base", up, { ...pull, baseRef: "next" }, mono, "all"],
    ["when the operator changed them", up, pull, { ...mono, when: { ...mono.when, paths: ["x"] } }, "all"],
    ["never of what is closed", up, { ...pushed, open: false }, mono, "none"],
    ["never where none are set", unread, pull, rules, "none"],
    ["only of a push, where it is known what the preview is made of", up, pushed, made, "push"],
    ["not without a push", up, pull, made, "none"],
  ])("are asked for %s", (_name, before, said, given, asked) => {
    expect(needsFiles(before, said, given)).toBe(asked);
  });

  test.each<[string, string[] | null, number]>([
    ["beside everything it is made of keeps it", ["docs/a.md", "apps/shop.md", "app"], 1],
    ["of a submodule that holds what it is built from is deployed", ["apps"], 2],
    ["of a file that it reads is deployed", ["docs/a.md", "compose.yaml"], 2],
    ["of a file in a folder that it is built from is deployed", ["apps/shop/src/a.ts"], 2],
    ["of how git lays out files is deployed", ["docs/a.md", "apps/.gitattributes"], 2],
    ["that nobody can tell the files of is deployed", null, 2],
  ])("without any, a push %s", (_name, push, generation) => {
    expect(next(up, pushed, made, { pull: null, push }).spec).toMatchObject({ generation });
  });
});
