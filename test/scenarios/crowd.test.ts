import { afterAll, beforeAll, expect, test } from "vitest";
import { labels } from "../../src/domain/labels.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const files = miniShop({ page: "same" });
let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files, config: { max: 2, memory: { reserve: "1MiB", awake: "3s" } } });
});
afterAll(() => endScenario(scenario));

test("where all places are taken, the least recently used is stopped for who waits, in turn, and a visit is never refused for want of one", async () => {
  tellOnFailure(scenario);
  const { mayfly } = scenario;
  const up = async (): Promise<string[]> => {
    const filters = { label: [`${labels.server}=${scenario.serverId}`, `${labels.kind}=service`] };
    const all = await scenario.docker.listContainers({ filters });
    return all.map(({ Labels }) => Labels[labels.preview] ?? "").toSorted();
  };
  const open = async (branch: string) => {
    const number = await scenario.open({ branch, files });
    return scenario.seen(`shop-pr-${number}`, ({ phase, queue }) => phase === "ready" || queue !== null, 60_000);
  };
  const ready = (slug: string) =>
    scenario.seen(slug, ({ phase, queue }) => phase === "ready" && queue === null, 60_000);
  const one = await open("one");
  const two = await open("two");
  await ready(two.slug);
  // So the second is the one that nobody used for longest.
  await mayfly.api(`/api/previews/${one.slug}/pin`, { method: "POST" });

  const three = await open("three");
  expect(three.queue).toMatchObject({ place: 1, limit: "server", up: 2, max: 2 });
  await ready(three.slug);
  expect(await mayfly.show(two.slug)).toMatchObject({ phase: "asleep", asleep: "stopped" });
  await eventually(async () => expect(await up()).toEqual([one.key, three.key].toSorted()), { timeoutMs: 20_000 });

  expect((await mayfly.visit(two.url)).status).toBe(200);
  await scenario.seen(three.slug, ({ asleep }) => asleep === "stopped", 40_000);
  await eventually(async () => expect(await up()).toEqual([one.key, two.key].toSorted()), { timeoutMs: 20_000 });
});
