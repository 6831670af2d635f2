import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryOfPreviews } from "../../src/engine/memory.ts";
import { restartByUsAlone } from "../../src/engine/restart-policy.ts";
import { builtImages, pulledImages, removeImage } from "../../src/engine/spare.ts";
import type { ContainerPlan } from "../../src/plan/step.ts";
import { eventually } from "../support/eventually.ts";
import { clock, createWorld, idle, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld("10.218.0.0/16");
  await world.run(world.network("default"));
});
afterEach(async () => {
  await world.run({ kind: "remove-network", name: world.name("default") });
  await world[Symbol.asyncDispose]();
});

const inspect = (plan: ContainerPlan) => world.docker.getContainer(plan.name).inspect();
const policyOf = async (plan: ContainerPlan) => (await inspect(plan)).HostConfig.RestartPolicy;

test("the engine restarts a service while it starts, and leaves that to us once it is up for a while, until the next start", async () => {
  const plan = world.container("web", idle, { restart: "on-failure", restartTries: 3 });
  await world.up(plan);
  const settle = (now: number) => restartByUsAlone(world.docker, { server: world.server, preview: "7-42", now });
  expect(await settle(clock.now())).toBe(false);
  expect(await policyOf(plan)).toEqual({ Name: "on-failure", MaximumRetryCount: 3 });
  expect(await settle(clock.now() + 60_000)).toBe(true);
  expect(await policyOf(plan)).toMatchObject({ Name: "no" });
  await eventually(async () => {
    const used = await memoryOfPreviews(world.docker, world.server);
    expect([...used.keys()]).toEqual(["7-42"]);
    expect(used.get("7-42")).toBeGreaterThan(4 * 1024 ** 2);
  });
  await world.run({ kind: "stop", container: plan.name, service: "web", graceMs: 0 });
  await world.run({ kind: "start", container: plan.name, service: "web" });
  expect(await policyOf(plan)).toEqual({ Name: "on-failure", MaximumRetryCount: 3 });
  await world.down(plan);
});

test("who comes while a service takes its time to stop does not wait for it, where it holds no data", async () => {
  const plan = world.container("web", `process.on("SIGTERM", () => console.log("told")); console.log("up"); ${idle}`);
  await world.up(plan);
  const said = async () => String(await world.docker.getContainer(plan.name).logs({ stdout: true }));
  await eventually(async () => expect(await said()).toContain("up"), { timeoutMs: 20_000 });
  const newer = new AbortController();
  const graceMs = 60_000;
  const stop = { kind: "stop", container: plan.name, service: "web", graceMs, hurries: true } as const;
  const stopping = world.run(stop, newer.signal).catch((error: unknown) => error);
  await eventually(async () => expect(await said()).toContain("told"), { timeoutMs: 20_000 });
  newer.abort(new DOMException("a newer wish", "AbortError"));
  await stopping;
  expect((await inspect(plan)).State.Running).toBe(false);
  await world.down(plan);
});

test("an image that a container needs, running or not, is not removed; one that nobody needs is, by its name", async () => {
  const label = { "dev.mayfly.server": world.server, "dev.mayfly.kind": "image" };
  const names = [`mayfly.local/test/${world.server}:used`, `mayfly.local/test/${world.server}:spare`];
  const plan = world.container("web", idle);
  await world.up(plan);
  for (const name of names) {
    const [repo, tag] = name.split(/:(?=[^/]*$)/);
    const changes = Object.entries(label).map(([key, value]) => `LABEL ${key}=${value}`);
    await world.docker
      .getContainer(plan.name)
      .commit({ repo, tag, changes: [...changes, `LABEL n=${tag}`].join("\n") });
  }
  await world.down(plan);
  const imageId = (await world.docker.getImage(names[0]!).inspect()).Id;
  const user = { ...world.container("user", idle), imageId };
  await world.run({ kind: "create", container: user });
  expect((await builtImages(world.docker, world.server)).map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  const pulled = [`${names[0]}x`, names[0]!].map((name) => ({ name, pulledAt: 7 }));
  expect(await pulledImages(world.docker, pulled)).toMatchObject([{ id: imageId, createdAt: 7 }]);
  expect(await removeImage(world.docker, names[0]!)).toBe(false);
  expect(await removeImage(world.docker, names[1]!)).toBe(true);
  await world.down(user);
  expect(await removeImage(world.docker, names[0]!)).toBe(true);
});
