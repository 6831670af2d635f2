import { afterEach, beforeEach, expect, test } from "vitest";
import { follow, tail } from "../../src/engine/logs.ts";
import { eventually } from "../support/eventually.ts";
import { createWorld, idle, listening, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
  await world.run(world.network("default"));
});
afterEach(async () => {
  await world.run({ kind: "remove-network", name: world.name("default") });
  await world[Symbol.asyncDispose]();
});

const mebibyte = 1024 ** 2;

test("a service that eats memory is killed alone, and told so with its limit", async () => {
  const plan = world.container("web", "const kept=[];setInterval(()=>kept.push(Buffer.alloc(2e7,1)),5)", {
    limits: { cpus: 1, memoryBytes: 96 * mebibyte, pids: 100 },
    ports: [3000],
  });
  await world.up(plan);
  await expect(world.run(world.awaiting(plan, { ports: [3000] }))).rejects.toMatchObject({
    code: "service-exited",
    message: expect.stringContaining("used more than its 96 MiB of memory and was killed"),
  });
  await world.down(plan);
});

test("a service that forks without end stays within its processes; its neighbors start, and it is removed", async () => {
  const bomb = `const f=()=>{try{require("child_process").spawn("sleep",["600"]).on("error",()=>{})}catch{}};setInterval(f,1)`;
  const plan = world.container("bomb", bomb, { limits: { cpus: 0.5, memoryBytes: 256 * mebibyte, pids: 60 } });
  await world.up(plan);
  const processes = async () =>
    (
      (await world.docker.getContainer(plan.name).stats({ stream: false, "one-shot": true })) as {
        pids_stats: { current?: number };
      }
    ).pids_stats.current ?? 0;
  await eventually(async () => (await processes()) >= 55, { timeoutMs: 60_000 });
  const neighbor = world.container("neighbor", listening(3000));
  await world.up(neighbor);
  await world.run(world.awaiting(neighbor, { ports: [3000] }));
  expect(await processes()).toBeLessThanOrEqual(60);
  await world.down(neighbor);
  await world.down(plan);
});

test("a log line of 50 MB is cut, and costs no memory", async () => {
  const program = `process.stdout.write("x".repeat(5e7)+"\\nthe end\\n",()=>{});${idle}`;
  const plan = world.container("web", program);
  await world.up(plan);
  await eventually(async () => (await tail(world.docker, plan.name, 1)).includes("the end"), { timeoutMs: 60_000 });
  const before = process.memoryUsage().rss;
  expect(Math.max(...(await tail(world.docker, plan.name, 20)).map((line) => line.length))).toBeLessThan(5000);
  const lines: string[] = [];
  const target = { server: world.server, preview: "7-42" };
  const options = { tail: 200, live: false, signal: new AbortController().signal };
  for await (const { line } of follow(world.docker, target, options)) lines.push(line);
  expect(lines.at(-1)).toBe("the end");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(5000);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * mebibyte);
  await world.down(plan);
});

test("a container that was made and never started may lack its files: it is made again, read-only ones too", async () => {
  const plan = world.container("web", listening(3000), {
    readOnly: true,
    mounts: [{ kind: "tmpfs", target: "/run", sizeBytes: null }],
  });
  await world.run({ kind: "create", container: plan });
  const half = await world.docker.getContainer(plan.name).inspect();
  await world.up(plan);
  const whole = await world.docker.getContainer(plan.name).inspect();
  expect(whole.Id).not.toBe(half.Id);
  await world.run(world.awaiting(plan, { ports: [3000] }));
  await world.run({ kind: "create", container: plan });
  expect((await world.docker.getContainer(plan.name).inspect()).Id).toBe(whole.Id);
  await world.down(plan);
});
