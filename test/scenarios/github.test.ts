import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const app = { id: 7, slug: "mayfly", privateKey: String(privateKey.export({ type: "pkcs1", format: "pem" })) };

/** No event ever arrives here: whatever happens on GitHub is found by asking, as an App. */
let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop(), app, webhook: false, poll: "1s" });
});
afterAll(() => endScenario(scenario));

const log = () => readFileSync(join(scenario.folder, "mayfly.log"), "utf8");
const page = (text: string) => ({ "web/page.txt": text });
const generationOf = async (slug: string) => (await scenario.mayfly.show(slug))?.newest?.generation ?? 0;

describe("an App without an inbound port", () => {
  let number = 0;
  const slug = "shop-pr-1";

  test("finds the pull request, shows it, and says so as a check run and as its bot", async () => {
    tellOnFailure(scenario);
    number = await scenario.open({
      branch: "cart",
      files: page("cart"),
      title: "</details> `| @all <!-- mayfly:preview 1-1 -->",
    });
    const { serving } = await scenario.seen(slug, ({ phase }) => phase === "ready");
    await eventually(
      async () => {
        expect(scenario.github.checks(repository, serving!.commit)).toMatchObject([
          { name: "mayfly", status: "completed", conclusion: "success" },
        ]);
        expect(await scenario.comment(number)).toContain("is ready");
      },
      { timeoutMs: 15_000 },
    );
    expect(scenario.github.statuses(repository, serving!.commit)).toEqual([]);
    expect(await scenario.github.comments(repository, number)).toMatchObject([{ author: "mayfly[bot]" }]);
  });

  test("hears a command once, answers it, and finds the push after it, also when every token was revoked", async () => {
    tellOnFailure(scenario);
    const before = await generationOf(slug);
    const id = await scenario.github.comment({ repo: repository, number, author: "bob", body: "/redeploy" });
    await scenario.seen(slug, ({ serving }) => serving?.generation === before + 1);
    await eventually(
      () => expect(scenario.github.reactions(id)).toEqual([{ content: "rocket", user: "mayfly[bot]" }]),
      {
        timeoutMs: 15_000,
      },
    );
    scenario.github.app.revokeTokens();
    const commit = await scenario.push({ branch: "cart", files: page("after") });
    await scenario.serving(slug, commit);
    expect(await generationOf(slug)).toBe(before + 2);
  });

  test("goes on serving when it is taken off the repository, says why in the log, and goes on when it is back", async () => {
    tellOnFailure(scenario);
    const { url } = (await scenario.mayfly.show(slug))!;
    scenario.github.app.uninstall(repository);
    await eventually(() => expect(log()).toContain("the GitHub App is not installed on acme/shop"), {
      timeoutMs: 15_000,
    });
    expect((await scenario.mayfly.visit(url)).body).toContain("after");
    const commit = await scenario.push({ branch: "cart", files: page("back") });
    scenario.github.app.uninstall(repository, false);
    await scenario.serving(slug, commit);
  });

  test("waits out a rate limit and a GitHub that is down, and then finds what happened meanwhile", async () => {
    tellOnFailure(scenario);
    scenario.github.rateLimited("secondary", 2);
    await scenario.push({ branch: "cart", files: page("limited") });
    await eventually(() => expect(log()).toContain("github's rate limit is reached"), { timeoutMs: 15_000 });
    scenario.github.rateLimited(false);
    await scenario.github.down("unavailable");
    const commit = await scenario.push({ branch: "cart", files: page("later") });
    await eventually(() => expect(log()).toContain("forge-unreachable"), { timeoutMs: 15_000 });
    await scenario.github.down(false);
    await scenario.serving(slug, commit);
  });

  test("serves what a force push left, when the commit that was being built is gone", async () => {
    tellOnFailure(scenario);
    const { push, git } = scenario.github;
    const lost = await scenario.push({ branch: "cart", files: page("lost") });
    await scenario.seen(slug, ({ newest }) => newest?.commit === lost);
    const commit = await push({ repo: repository, branch: "cart", files: page("forced"), author: "ann", force: true });
    await git.repository(repository).destroyCommit(lost);
    const { url } = await scenario.serving(slug, commit);
    expect((await scenario.mayfly.visit(url)).body).toContain("forced");
  });

  test("keeps a stacked pull request when the one below it is merged and its branch deleted", async () => {
    tellOnFailure(scenario);
    const { github } = scenario;
    await scenario.push({ branch: "stacked", files: page("stacked") });
    const above = { repo: repository, author: "ann" };
    const second = await github.openPullRequest({ ...above, head: "stacked", base: "cart", title: "On top" });
    const { newest } = await scenario.seen(`shop-pr-${second}`, ({ phase }) => phase === "ready");
    await github.merge({ ...above, number });
    // What GitHub does by itself when the branch goes.
    await github.edit({ ...above, number: second, base: "main" });
    await github.git.repository(repository).deleteRef("refs/heads/cart");
    await scenario.seen(slug, ({ phase }) => phase === "gone");
    const moved = await scenario.seen(
      `shop-pr-${second}`,
      ({ phase, newest: now }) => phase === "ready" && now!.generation > newest!.generation,
    );
    expect(moved.newest?.commit).toBe(newest?.commit);
    await github.close({ ...above, number: second });
  });
});

/** So many previews at once may write more to GitHub in a minute than it takes: the rest waits for the next one. */
const paced = { timeoutMs: 90_000 };

const branches = [
  `it's-"quoted"`,
  "feature/deep/er/branch",
  "emoji-🦋",
  "b".repeat(250),
  "--upload-pack=touch${IFS}x",
  "$(reboot)`x`;&|<>",
];

test("branches of any name get their previews", async () => {
  tellOnFailure(scenario);
  const numbers: number[] = [];
  for (const branch of branches) numbers.push(await scenario.open({ branch, files: page("named") }));
  for (const number of numbers) {
    const { url, phase } = await scenario.seen(`shop-pr-${number}`, ({ newest }) => newest?.phase === "ready");
    expect(phase).toBe("ready");
    expect((await scenario.mayfly.visit(url)).body).toContain("named");
    await eventually(async () => expect(await scenario.comment(number)).toContain("is ready"), paced);
  }
  for (const number of numbers) await scenario.github.close({ repo: repository, number, author: "ann" });
});

test("a fork's pull request is not run, also when its repository is deleted", async () => {
  tellOnFailure(scenario);
  const { github } = scenario;
  await github.fork({ repo: repository, owner: "mallory" });
  await github.push({ repo: "mallory/shop", branch: "evil", files: page("evil"), author: "mallory" });
  const opened = { repo: repository, head: "evil", title: "x", author: "mallory", fork: "mallory" };
  const number = await github.openPullRequest(opened);
  await scenario.seen(`shop-pr-${number}`, ({ phase }) => phase === "blocked");
  const said = async () => (await github.comments(repository, number)).length;
  await eventually(async () => expect(await said()).toBeGreaterThan(0), paced);
  await github.deleteRepository("mallory/shop");
  await github.comment({ repo: repository, number, author: "ann", body: "/redeploy" });
  await eventually(async () => expect(await said()).toBeGreaterThan(1), paced);
  const { key, phase } = (await scenario.mayfly.show(`shop-pr-${number}`))!;
  expect([phase, await scenario.objects(key)]).toEqual(["blocked", []]);
});
