import { afterAll, beforeAll, expect, test } from "vitest";
import { labels } from "../../src/domain/labels.ts";
import { eventually } from "../support/eventually.ts";
import { startLoad } from "../support/load.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let scenario: Scenario;
beforeAll(async () => {
  // So much is never free: whoever is to start waits until nobody else runs.
  scenario = await startScenario({
    files: miniShop({ page: "same" }),
    config: { memory: { reserve: "99%", awake: "3s" } },
  });
});
afterAll(() => endScenario(scenario));

const verb = (slug: string, name: string) => scenario.mayfly.api(`/api/previews/${slug}/${name}`, { method: "POST" });
const running = async (): Promise<string[]> => {
  const filters = { label: [`${labels.server}=${scenario.serverId}`, `${labels.kind}=service`] };
  const all = await scenario.docker.listContainers({ filters });
  return all.filter(({ State }) => State === "running").map(({ Labels }) => Labels[labels.preview] ?? "");
};

test("where memory is short, the least recently used is stopped for who is to start, and a visit brings it back", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const first = await scenario.open({ branch: "first", files: miniShop({ page: "same" }) });
  const one = await scenario.seen(`shop-pr-${first}`, ({ phase }) => phase === "ready");

  const second = await scenario.open({ branch: "second", files: miniShop({ page: "same" }) });
  await scenario.seen(`shop-pr-${second}`, ({ queue }) => queue?.limit === "memory" && queue.place === 1, 30_000);
  const told = "Waiting: 1st in the queue of 1; the memory of this machine is in use by the 1 previews that are awake.";
  await eventually(async () => expect((await scenario.comment(second)).split("\n")[0]).toBe(told), {
    timeoutMs: 10_000,
  });
  const two = await scenario.seen(
    `shop-pr-${second}`,
    ({ phase, queue }) => phase === "ready" && queue === null,
    30_000,
  );
  expect(await mayfly.show(one.slug)).toMatchObject({ phase: "asleep", asleep: "stopped" });
  expect(await running()).toEqual([two.key]);

  // It is held, or told to come again, and then there; the other one made room.
  await eventually(async () => expect((await mayfly.visit(one.url)).status).toBe(200), { timeoutMs: 40_000 });
  expect(await running()).toEqual([one.key]);
});

test("what is in use makes no room: who waits is told so on its page and in the list, programs to come again, and it tries on", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const [one, two] = await Promise.all(["shop-pr-1", "shop-pr-2"].map((slug) => scenario.seen(slug, () => true)));
  const load = startLoad(mayfly, one!.url);
  await eventually(() => expect(load.answered()).toBeGreaterThan(5), { timeoutMs: 20_000 });
  expect(await running()).toEqual([one!.key]);
  const program = mayfly.visit(two!.url, { method: "POST", body: "an order" });
  const page = await mayfly.visit(two!.url, { headers: { accept: "text/html", "sec-fetch-dest": "document" } });
  expect(page.status).toBe(503);
  expect(page.body).toContain("1st in the queue of 1; the memory of this machine is in use");
  expect(await mayfly.show(two!.slug)).toMatchObject({ queue: { place: 1, of: 1, limit: "memory" } });
  const told = await program;
  expect([told.status, Number(told.headers["retry-after"]) > 0]).toEqual([503, true]);
  expect(await running()).toEqual([one!.key]);

  expect((await load.end()).failed).toEqual([]);
  await eventually(async () => expect((await mayfly.visit(two!.url)).status).toBe(200), { timeoutMs: 40_000 });
  expect(await running()).toEqual([two!.key]);
});

test("who can have no room beside what is pinned is told so at once, keeps nobody waiting, and each visit tries again", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const [one, two] = await Promise.all(["shop-pr-1", "shop-pr-2"].map((slug) => scenario.seen(slug, () => true)));
  await verb(one!.slug, "pin");
  await eventually(async () => expect((await mayfly.visit(one!.url)).status).toBe(200), { timeoutMs: 40_000 });
  expect(await running()).toEqual([one!.key]);
  const why = /it needs more memory than can be had beside what is pinned, if all else sleeps/;
  await eventually(
    async () => {
      const page = await mayfly.visit(two!.url, { headers: { accept: "text/html", "sec-fetch-dest": "document" } });
      expect([page.status, page.body]).toEqual([503, expect.stringMatching(why)]);
    },
    { timeoutMs: 20_000 },
  );
  expect(await mayfly.show(two!.slug)).toMatchObject({ queue: null, reason: expect.stringMatching(why) });
  await eventually(async () => expect((await scenario.comment(two!.number)).split("\n")[0]).toMatch(why), {
    timeoutMs: 20_000,
  });

  await verb(one!.slug, "unpin");
  await eventually(async () => expect((await mayfly.visit(two!.url)).status).toBe(200), { timeoutMs: 40_000 });
  expect(await running()).toEqual([two!.key]);
  expect((await mayfly.show(two!.slug))?.reason).toBeNull();
});
