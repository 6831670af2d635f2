import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngineProxy, type EngineProxy, type Fate } from "../support/engine-proxy.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let proxy: EngineProxy;
let scenario: Scenario;
let strangers: string[] = [];
beforeAll(async () => {
  proxy = await createEngineProxy({ kill: async () => undefined });
  scenario = await startScenario({ files: miniShop(), config: { engine: { host: proxy.host } } });
  strangers = [await startStranger({}), await startStranger({ "dev.mayfly.server": "another" })];
});
afterAll(async () => {
  proxy.judge(() => "pass");
  for (const id of strangers) await scenario.docker.getContainer(id).remove({ force: true, v: true });
  await endScenario(scenario);
  await proxy[Symbol.asyncDispose]();
});

/** A container that is none of ours: without a label, or with another server's. */
async function startStranger(Labels: Record<string, string>): Promise<string> {
  const container = await scenario.docker.createContainer({
    Image: "node:24",
    Cmd: ["node", "-e", "setInterval(()=>{},1e6)"],
    Labels,
  });
  await container.start();
  return container.id;
}

test("two previews share an image; one closes and the image goes while the other is between plan and create: the other becomes ready", async () => {
  tellOnFailure(scenario);
  const { github, docker } = scenario;
  const first = await scenario.open({ branch: "one", files: miniShop({ page: "shared" }) });
  const { key } = await scenario.seen("shop-pr-1", ({ phase }) => phase === "ready");
  const [network] = await docker.listNetworks({
    filters: { label: [`dev.mayfly.preview=${key}`, "dev.mayfly.kind=network"] },
  });
  // Somebody looks at the preview's network from inside.
  await docker.getNetwork(network!.Id).connect({ Container: strangers[0] ?? "" });

  let caught = false;
  proxy.judge(async (call): Promise<Fate> => {
    if (caught || !/POST \/containers\/create shop-pr-2\S*-web-/.test(call)) return "pass";
    caught = true;
    await github.close({ repo: repository, number: first, author: "ann" });
    await eventually(async () => expect(await scenario.objects(key)).toEqual([]), { timeoutMs: 30_000 });
    const filters = { label: [`dev.mayfly.server=${scenario.serverId}`, "dev.mayfly.kind=image"] };
    for (const { Id } of await docker.listImages({ filters })) await docker.getImage(Id).remove({ force: true });
    return "pass";
  });
  await scenario.open({ branch: "two", files: miniShop({ page: "shared" }) });
  const { url } = await scenario.seen("shop-pr-2", ({ phase }) => phase === "ready");
  expect(caught).toBe(true);
  expect((await scenario.mayfly.visit(url)).body).toContain("shared at");
});

test("an empty store with GitHub down deletes nothing, and finds everything again when it is back", async () => {
  tellOnFailure(scenario);
  const { github, mayfly, folder } = scenario;
  const there = async () => (await scenario.objects()).toSorted();
  const before = await there();
  expect(before.length).toBeGreaterThanOrEqual(2);
  await mayfly.kill();
  for (const file of ["mayfly.db", "mayfly.db-wal", "mayfly.db-shm"])
    rmSync(join(folder, "state", file), { force: true });
  await github.down(true);
  const rounds = () => readFileSync(mayfly.logFile, "utf8").split('"msg":"resync"').length;
  const seen = rounds();
  await mayfly.start();
  await eventually(() => rounds() > seen, { timeoutMs: 20_000 });
  expect(await there()).toEqual(before);
  await github.down(false);
  await mayfly.kill();
  await mayfly.start();
  // Nobody remembers the repository: its next event does.
  const commit = await scenario.push({ branch: "two", files: miniShop({ page: "found again" }) });
  const { url } = await scenario.serving("shop-pr-2", commit);
  expect((await mayfly.visit(url)).body).toContain("found again at");
});

test("containers that are not ours survived all of it", async () => {
  for (const id of strangers) {
    const { State } = await scenario.docker.getContainer(id).inspect();
    expect(State).toMatchObject({ Running: true });
  }
});
