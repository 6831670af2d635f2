import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Healthcheck, ServiceSpec } from "../../src/domain/service.ts";
import type { Readiness } from "../../src/plan/step.ts";
import { parseListeners } from "../../src/engine/listening.ts";
import { watchPorts } from "../../src/engine/accepting.ts";
import { awaitReady } from "../../src/engine/readiness.ts";
import { clock, createWorld, idle, listening, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
  await world.run(world.network("default"));
});
afterEach(async () => {
  await world.run({ kind: "remove-network", name: world.name("default") });
  await world[Symbol.asyncDispose]();
});

const readyOf = (program: string, more: Partial<ServiceSpec> = {}, readiness: Partial<Readiness> = {}) =>
  world.failureOf(world.container("api", program, more), readiness);

const health = (...test: string[]): Healthcheck => ({
  test,
  intervalMs: 3_600_000,
  timeoutMs: 500,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: null,
});

describe("a service is ready", () => {
  test("when its ports accept connections, however late they open", async () => {
    expect(await readyOf(listening(3000, { delayMs: 700 }), {}, { ports: [3000] })).toBeNull();
  });

  test("not while none of several ports accepts", async () => {
    const readiness = { ports: [3306, 33060], optional: [3306, 33060], timeoutMs: 1500 };
    expect(await readyOf(idle, {}, readiness)).toMatchObject({ code: "service-not-ready" });
  });

  test("when it runs, if nothing is promised", async () => {
    expect(await readyOf(idle)).toBeNull();
  });

  test("when its health check passes, without waiting for the engine's interval", async () => {
    const program = `setTimeout(()=>require("fs").writeFileSync("/tmp/up",""),500);${idle}`;
    expect(await readyOf(program, { healthcheck: health("CMD-SHELL", "test -f /tmp/up") })).toBeNull();
    expect(await readyOf(program, { healthcheck: health("CMD", "test", "-f", "/tmp/up") })).toBeNull();
  });

  test("only after its second start, where a database initialises itself first", async () => {
    const plan = {
      ...world.container("db", "", {
        command: null,
        environment: { POSTGRES_PASSWORD: "secret" },
        healthcheck: health("CMD-SHELL", "pg_isready -U postgres"),
      }),
      imageId: world.images.postgres,
    };
    await world.up(plan);
    await world.run(world.awaiting(plan, { ports: [5432] }));
    const log = (await world.docker.getContainer(plan.name).logs({ stderr: true, stdout: true })).toString();
    expect(log.match(/ready to accept connections/g)).toHaveLength(2);
    await world.down(plan);
  });

  test("when it is a job and has ended with 0", async () => {
    expect(await readyOf(`console.log("migrated")`, { job: true }, { condition: "completed" })).toBeNull();
    expect(await readyOf(`console.log("migrated")`, { job: true })).toBeNull();
  });
});

describe("a service is not ready, and is told why", () => {
  test("when it exits: at once, with its code and last lines", async () => {
    const failure = await readyOf(
      `console.log("one");console.error("\\u001b[31mconnect ECONNREFUSED\\u001b[0m");process.exit(3)`,
      {},
      { ports: [3000], timeoutMs: 60_000 },
    );
    expect(failure).toMatchObject({
      code: "service-exited",
      service: "api",
      message: expect.stringMatching(/^api exited with code 3 after \d+\.\d s$/),
    });
    expect((failure as { logTail: string[] }).logTail.toSorted()).toEqual(["connect ECONNREFUSED", "one"]);
  });

  test("when it ends with 0 although it is no job", async () => {
    expect(await readyOf(`process.exit(0)`, {}, { ports: [3000] })).toMatchObject({ code: "service-exited" });
  });

  test("when a job fails", async () => {
    const failure = await readyOf(
      `console.log("no such table");process.exit(1)`,
      { job: true },
      { condition: "completed" },
    );
    expect(failure).toMatchObject({
      code: "job-failed",
      logTail: ["no such table"],
      message: expect.stringContaining("exited with code 1"),
    });
  });

  test("when it is killed for its memory", async () => {
    const program = `const kept=[];setInterval(()=>kept.push(Buffer.alloc(3e7,1)),1)`;
    const failure = await readyOf(program, { limits: { cpus: 1, memoryBytes: 2 ** 26, pids: 50 } }, { ports: [3000] });
    expect(failure).toMatchObject({
      code: "service-exited",
      message: expect.stringContaining("used more than its 64 MiB of memory"),
    });
  });

  test("when it is restarted again and again: with how often", async () => {
    const failure = await readyOf(`process.exit(7)`, { restart: "always" }, { ports: [3000], timeoutMs: 6000 });
    expect(failure).toMatchObject({
      code: "service-not-ready",
      message: expect.stringMatching(
        /^api did not become ready in 6\.0 s: it exited with code 7 after .* s, (twice|\w+ times|\d+ times)$/,
      ),
    });
  });

  test("when it gives up restarting", async () => {
    const plan = world.container("api", `process.exit(7)`, { restart: "on-failure" });
    await world.run({ kind: "create", container: plan });
    await world.docker.getContainer(plan.name).update({ RestartPolicy: { Name: "on-failure", MaximumRetryCount: 2 } });
    await world.run({ kind: "start", container: plan.name, service: "api" });
    await expect(world.run(world.awaiting(plan, { ports: [3000] }))).rejects.toThrow(
      /exited with code 7 .*three times$/,
    );
    await world.down(plan);
  });

  test.each([
    ["nothing listens", idle],
    ["it listens on loopback only", listening(3000, { host: "127.0.0.1" })],
    ["it listens elsewhere", listening(8080)],
  ])("when %s", async (_case, program) => {
    expect(await readyOf(program, {}, { ports: [3000], timeoutMs: 1500 })).toMatchObject({
      code: "service-not-ready",
      message: "api did not become ready in 1.5 s: port 3000 does not accept connections",
    });
  });

  test("when its health check fails: with what that says", async () => {
    const healthcheck = { ...health("CMD-SHELL", "echo no cluster >&2; exit 4"), timeoutMs: 10_000 };
    expect(await readyOf(idle, { healthcheck }, { timeoutMs: 1500 })).toMatchObject({
      message:
        "api did not become ready in 1.5 s: its health check `echo no cluster >&2; exit 4` ended with 4: no cluster",
    });
  });

  test("when its health check hangs", async () => {
    expect(await readyOf(idle, { healthcheck: health("CMD", "sleep", "600") }, { timeoutMs: 1500 })).toMatchObject({
      message: "api did not become ready in 1.5 s: its health check `sleep 600` took longer than 0.5 s",
    });
  });

  test("when it ends while its ports are tried, and another service listens at what was its address", async () => {
    const ended = world.container("api", "process.exit(3)");
    const other = world.container("web", listening(3000));
    await Promise.all([ended, other].map(world.up));
    await world.run(world.awaiting(other, { ports: [3000] }));
    const { docker } = world;
    const before = await docker.getContainer(other.name).inspect();
    let looks = 0;
    // The first look is from before its end, when the address was its own.
    const late = (name: string) => ({
      inspect: async () => (looks++ === 0 ? before : await docker.getContainer(name).inspect()),
      logs: docker.getContainer(name).logs.bind(docker.getContainer(name)),
    });
    const { readiness } = world.awaiting(ended, { ports: [3000] }) as { readiness: Readiness };
    const host = { clock, docker: { getContainer: late } as never };
    await expect(awaitReady(host, readiness, new AbortController().signal)).rejects.toMatchObject({
      code: "service-exited",
      message: expect.stringContaining("exited with code 3"),
    });
    await Promise.all([ended, other].map(world.down));
  });

  test("when somebody removes it meanwhile", async () => {
    const plan = world.container("api", idle);
    await world.up(plan);
    const waiting = world.run(world.awaiting(plan, { ports: [3000] }));
    await world.docker.getContainer(plan.name).remove({ force: true });
    await expect(waiting).rejects.toMatchObject({ code: "service-exited", retry: "backoff" });
  });
});

test("an address that does not answer is tried once in a look: the engine is asked whether anybody is there", async () => {
  const { docker } = world;
  const { IPAM } = await docker.getNetwork(world.name("default")).inspect();
  // Of sixteen addresses the last but one, which nothing in it has.
  const nobody = (IPAM?.Config?.[0]?.Subnet ?? "").replace(/(\d+)\/28$/, (_, first: string) =>
    String(Number(first) + 14),
  );
  let pauses = 0;
  const counting = { ...clock, sleep: async () => void (pauses += 1) };
  const look = watchPorts(counting, { ports: [3000], network: "default" });
  const info = { NetworkSettings: { Networks: { default: { IPAddress: nobody } } }, State: { StartedAt: "now" } };
  const seen = await look(info as never, new AbortController().signal);
  expect(seen).toMatchObject({ ready: false, seen: "port 3000 does not accept connections" });
  expect(pauses).toBe(0);
});

test("listening sockets are read as the kernel lists them", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0100007F:0FA0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   2: 0B00007F:9C41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   3: 0200D50A:0BB8 0100D50A:A1B2 01 00000000:00000000 00:00000000 00000000     0
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A
   2: 0000000000000000FFFF00000100007F:1F92 00000000000000000000000000000000:0000 0A`;
  expect(parseListeners(text)).toEqual([
    { address: "127.0.0.1", port: 4000 },
    { address: "0.0.0.0", port: 3000 },
    { address: "0.0.0.0", port: 8080 },
    { address: "[::1]", port: 8081 },
    { address: "127.0.0.1", port: 8082 },
  ]);
});
