import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { secret } from "../../demo/stage.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const app = { id: 7, slug: "mayfly", privateKey: String(privateKey.export({ type: "pkcs1", format: "pem" })) };

/** An App that is installed at two owners, and that no event reaches. */
let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop(), app, webhook: false, poll: "1s", beside: ["globex/site"] });
});
afterAll(() => endScenario(scenario));

const log = () => readFileSync(join(scenario.folder, "mayfly.log"), "utf8");
const page = (text: string) => ({ "web/page.txt": text });
const generationOf = async (slug: string) => (await scenario.mayfly.show(slug))?.newest?.generation ?? 0;

test("a repository renamed and given to another owner keeps its previews and their links; deleted, it takes them with it", async () => {
  tellOnFailure(scenario);
  const { github, mayfly } = scenario;
  const number = await scenario.open({ branch: "moving", files: page("before") });
  const slug = `shop-pr-${number}`;
  const { url, key } = await scenario.seen(slug, ({ phase }) => phase === "ready");
  await github.moveRepository({ repo: repository, to: "acme/store", author: "ann" });
  // What was kept under the old name must not be needed.
  github.app.revokeTokens();
  const renamed = await github.push({ repo: "acme/store", branch: "moving", files: page("renamed"), author: "ann" });
  await scenario.serving(slug, renamed);
  expect(await mayfly.show(slug)).toMatchObject({ url, key, repository: "acme/store" });

  await github.moveRepository({ repo: "acme/store", to: "globex/store", author: "ann" });
  const given = await github.push({ repo: "globex/store", branch: "moving", files: page("given"), author: "ann" });
  await scenario.serving(slug, given);
  expect(await mayfly.show(slug)).toMatchObject({ url, key, repository: "globex/store" });
  expect((await mayfly.visit(url)).body).toContain("given");
  const before = await generationOf(slug);
  await github.comment({ repo: "globex/store", number, author: "ann", body: "/redeploy" });
  await scenario.seen(slug, ({ serving }) => serving?.generation === before + 1);
  await eventually(
    async () => {
      const ours = (await github.comments("globex/store", number)).filter(({ body }) => body.includes(key));
      expect(ours).toMatchObject([{ body: expect.stringContaining(given.slice(0, 7)) }]);
    },
    { timeoutMs: 15_000 },
  );

  await github.deleteRepository("globex/store");
  await eventually(() => expect(log()).toMatch(/"repository":"globex\/store","code":"forge-(refused|unauthorized)"/), {
    timeoutMs: 15_000,
  });
  expect((await mayfly.visit(url)).body).toContain("given");
  github.pointWebhookAt({ url: `${mayfly.url}/webhooks/github`, secret });
  github.emit("repository", {
    action: "deleted",
    repository: { id: Number(key.split("-")[0]), full_name: "globex/store", private: false },
  });
  await scenario.seen(slug, ({ phase }) => phase === "gone");
  expect(await scenario.objects(key)).toEqual([]);
});
