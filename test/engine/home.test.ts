import { afterEach, beforeEach, expect, test } from "vitest";
import { homeNetworkName } from "../../src/domain/naming.ts";
import type { ContainerPlan } from "../../src/plan/step.ts";
import { createWorld, idle, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const home = () => world.docker.getNetwork(homeNetworkName(world.server));
const kept = (name: string, network: string): ContainerPlan => ({
  ...world.container(name, idle, { kept: true }),
  attachments: [{ ...world.attachment("default", 0), network: world.name(network) }],
  hasHome: true,
});
const of = (plan: ContainerPlan) => ({ container: plan.name, service: plan.service.name });

test("databases of several previews have one home that none is in, and outlive their generation's network", async () => {
  const plans = [kept("db", "g1"), kept("cache", "h1")];
  await Promise.all(
    plans.map(async (plan) => {
      await world.run({ ...world.network("x"), name: plan.attachments[0]!.network } as Parameters<typeof world.run>[0]);
      await world.run({ kind: "create", container: plan });
      await world.run({ kind: "start", ...of(plan), hasHome: true });
    }),
  );
  const found = await world.docker.listNetworks({ filters: { name: [homeNetworkName(world.server)] } });
  expect(found).toHaveLength(1);
  expect((await home().inspect()) as { Containers?: object; Internal: boolean }).toMatchObject({
    Containers: {},
    Internal: true,
  });
  const [db] = plans as [ContainerPlan];
  const info = await world.docker.getContainer(db.name).inspect();
  expect(Object.keys(info.NetworkSettings.Networks)).toEqual([world.name("g1")]);

  await world.run({ kind: "stop", ...of(db), graceMs: 1000 });
  await world.run({ kind: "leave", ...of(db), network: world.name("g1") });
  await world.run({ kind: "remove-network", name: world.name("g1") });
  // Somebody prunes it, as nobody is in it.
  await home().remove();
  await world.run({ kind: "start", ...of(db), hasHome: true });
  expect((await world.docker.getContainer(db.name).inspect()).State.Running).toBe(true);

  for (const plan of plans) await world.down(plan);
  await world.run({ kind: "remove-network", name: world.name("h1") });
  await world.leaveHome();
  await world.leaveHome();
  await expect(home().inspect()).rejects.toMatchObject({ cause: { statusCode: 404 } });
});
