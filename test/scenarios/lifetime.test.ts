import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop(), config: { defaults: { ttl: "36s" } } });
});
afterAll(() => endScenario(scenario));

const firstLine = async (number: number) => (await scenario.comment(number)).split("\n")[0];

test("what nobody uses is warned of and goes with its data; a visit moves its end, and what is pinned stays", async () => {
  tellOnFailure(scenario);
  const { github, mayfly } = scenario;
  const opened = ["left", "visited", "pinned"].map((branch) => ({ branch, files: miniShop({ page: "same" }) }));
  const numbers = [];
  for (const each of opened) numbers.push(await scenario.open(each));
  const [left = 0, visited = 0, pinned = 0] = numbers;
  const views = [];
  for (const number of numbers)
    views.push(await scenario.seen(`shop-pr-${number}`, ({ phase, serving }) => phase === "ready" && serving !== null));
  const [, seen] = views;
  if (seen === undefined) throw new Error("three previews are open");
  const pin = await github.comment({ repo: repository, number: pinned, author: "bob", body: "/pin" });
  await eventually(() => expect(github.reactions(pin).map(({ content }) => content)).toEqual(["+1"]), {
    timeoutMs: 15_000,
  });
  await mayfly.visit(seen.url, { headers: { "user-agent": "Slackbot-LinkExpanding 1.0" } });
  expect((await mayfly.show(seen.slug))?.lastVisitAt).toBeNull();

  await mayfly.visit(seen.url);
  const kept = await mayfly.show(seen.slug);
  expect(kept?.expiresAt).toBe((kept?.lastVisitAt ?? 0) + 36_000);

  await eventually(async () => expect(await scenario.comment(left)).toMatch(/^It goes at .* UTC/m), {
    timeoutMs: 60_000,
  });
  await scenario.seen(`shop-pr-${left}`, ({ phase }) => phase === "gone", 30_000);
  expect(await scenario.objects(views[0]?.key)).toEqual([]);
  await eventually(
    async () => expect(await firstLine(left)).toMatch(/^Gone: not used for \d+ s\. `\/deploy` brings it back\.$/),
    { timeoutMs: 15_000 },
  );

  // Its time was over as well; what runs was not touched.
  expect(await mayfly.show(`shop-pr-${pinned}`)).toMatchObject({
    phase: "ready",
    pinned: true,
    expiresAt: null,
    newest: { generation: 1 },
  });
  expect(await scenario.comment(pinned)).toContain("Pinned: it is kept");

  // Through the API as through a comment; a push brings back what went.
  const answer = await mayfly.api<{ accepted: string }>(`/api/previews/shop-pr-${pinned}/unpin`, { method: "POST" });
  expect(answer.accepted).toMatch(/is kept until .* UTC at least/);
  await mayfly.api(`/api/previews/shop-pr-${pinned}/extend?argument=2h`, { method: "POST" });
  const extended = await mayfly.show(`shop-pr-${pinned}`);
  expect(extended).toMatchObject({ pinned: false, newest: { generation: 1 } });
  expect((extended?.expiresAt ?? 0) - Date.now()).toBeGreaterThan(7_000_000);
  const commit = await scenario.push({ branch: "left", files: { "web/page.txt": "back\n" } });
  await scenario.serving(`shop-pr-${left}`, commit);
  for (const number of [left, visited, pinned]) await github.close({ repo: repository, number, author: "ann" });
});
