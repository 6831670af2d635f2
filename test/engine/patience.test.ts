import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, listening, type World } from "./world.ts";

/** What is waited for long, side by side. */
let world: World;
beforeAll(async () => {
  world = await createWorld("10.219.0.0/16");
  await world.run(world.network("default"));
});
afterAll(async () => {
  await world.run({ kind: "remove-network", name: world.name("default") });
  await world[Symbol.asyncDispose]();
});

test.concurrent("a service is ready when one of its ports accepts, and nothing ever listens on the debugger's", async () => {
  const readiness = { ports: [3000, 9229], optional: [9229], timeoutMs: 60_000 };
  expect(await world.failureOf(world.container("api", listening(3000)), readiness)).toBeNull();
});

test.concurrent("a service is not ready while only a port accepts that no route leads to", async () => {
  const readiness = { ports: [3000, 9229], optional: [9229], timeoutMs: 12_000 };
  expect(await world.failureOf(world.container("debugged", listening(9229)), readiness)).toMatchObject({
    code: "service-not-ready",
    message: expect.stringContaining("port 3000 does not accept connections"),
  });
});

test.concurrent("a service that ended so often that waiting is of no use fails long before the deadline", async () => {
  const readiness = { ports: [3000], timeoutMs: 110_000 };
  const ending = world.container("ending", "process.exit(7)", { restart: "always" });
  expect(await world.failureOf(ending, readiness)).toMatchObject({
    code: "service-exited",
    message: expect.stringMatching(/^ending exited with code 7 after .* s, \d+ times$/),
  });
});
