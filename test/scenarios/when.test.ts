import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({
    files: miniShop(),
    config: { defaults: { when: { drafts: false, label: "preview", paths: ["web/", "compose.yaml"] } } },
  });
});
afterAll(() => endScenario(scenario));

/** What the commit status `mayfly` says now. */
const status = (commit: string) => scenario.github.statuses(repository, commit)[0];
const comments = async (number: number) => (await scenario.github.comments(repository, number)).map(({ body }) => body);

describe("a preview comes and goes with what the operator wants of pull requests", () => {
  test("by its label, being a draft, and the files it changes", async () => {
    tellOnFailure(scenario);
    const { github, mayfly } = scenario;
    const files = miniShop({ page: "labelled" });
    const commit = await scenario.push({ branch: "cart", files });
    const number = await github.openPullRequest({
      repo: repository,
      head: "cart",
      title: "Cart",
      author: "ann",
      draft: true,
    });
    const slug = `shop-pr-${number}`;
    const deed = { repo: repository, number, author: "ann" };

    // Not wanted: a word in the status, and nothing else on the pull request.
    const says = (text: string) =>
      eventually(() => expect(status(commit)).toMatchObject({ state: "success", description: text }), {
        timeoutMs: 15_000,
      });
    await says("Nothing to be done: the pull request is a draft");
    await github.setDraft({ ...deed, draft: false });
    await says('Nothing to be done: the pull request does not have the label "preview"');
    expect(await comments(number)).toEqual([]);
    expect(await mayfly.show(slug)).toMatchObject({ phase: "blocked", serving: null, newest: null });

    await github.label({ ...deed, name: "preview" });
    const { url, key } = await scenario.serving(slug, commit);
    expect((await mayfly.visit(url)).body).toContain("labelled at");

    // A push beside the paths keeps what serves, and the check says so.
    const beside = await scenario.push({ branch: "cart", files: { "README.md": "# Shop\n" } });
    await eventually(
      () =>
        expect(status(beside)).toMatchObject({
          state: "success",
          description: `Nothing to be done: this push changes nothing of web/, compose.yaml; ${commit.slice(0, 7)} stays`,
        }),
      { timeoutMs: 15_000 },
    );
    expect(await mayfly.show(slug)).toMatchObject({ phase: "ready", newest: { generation: 1 } });
    const within = await scenario.push({ branch: "cart", files: { "web/page.txt": "changed\n" } });
    await scenario.serving(slug, within);

    await github.label({ ...deed, name: "preview", remove: true });
    await scenario.seen(slug, ({ phase }) => phase === "gone", 30_000);
    expect(await scenario.objects(key)).toEqual([]);
    await eventually(
      async () =>
        expect((await scenario.comment(number)).split("\n")[0]).toMatch(
          /^Gone: the pull request does not have the label/,
        ),
      { timeoutMs: 15_000 },
    );

    // Somebody who may write has the last word.
    await github.comment({ ...deed, author: "bob", body: "/deploy" });
    await scenario.serving(slug, within);
    await github.merge(deed);
    await scenario.seen(slug, ({ phase }) => phase === "gone", 30_000);
  });
});
