import { expect, test } from "vitest";
import { EngineError } from "../../src/domain/errors.ts";
import { createDisk } from "../../src/engine/disk.ts";
import { connect } from "../../src/engine/docker.ts";
import { createEngineProxy } from "../support/engine-proxy.ts";
import { eventually } from "../support/eventually.ts";
import { createBuildWorld, fresh } from "./build-world.ts";

const gibibyte = 1024 ** 3;
const endless = (line: string) => ({ Dockerfile: `FROM node:24\n${fresh()}\nRUN echo begun && ${line}\n` });

test("a build whose engine is stopped in its middle is tried again, and is no mistake of Mayfly", async () => {
  await using proxy = await createEngineProxy({ kill: async () => undefined });
  await using world = await createBuildWorld({ docker: connect(proxy.host) });
  const ending = world.finish(world.spec(), world.commit(endless("sleep 600")));
  await eventually(() => world.jobs.tail("7-42", 20).some((line) => line.endsWith("begun")), { timeoutMs: 30_000 });
  await proxy[Symbol.asyncDispose]();
  expect(await ending).toMatchObject({
    state: "failed",
    failure: { code: "engine-unreachable", retry: "backoff", what: expect.stringContaining("engine") },
  });
});

test("a build that fills the disk ends before it is full, and says how much is free and what to do", async () => {
  let free = 5 * gibibyte;
  const docker = connect("unix:///var/run/docker.sock");
  await using world = await createBuildWorld({ disk: createDisk(docker, async () => free) });
  const ending = world.finish(world.spec(), world.commit(endless("sleep 600")));
  await eventually(() => world.jobs.tail("7-42", 20).some((line) => line.endsWith("begun")), { timeoutMs: 30_000 });
  free = 0.4 * gibibyte;
  expect(await ending).toMatchObject({
    state: "failed",
    failure: {
      code: "disk-full",
      what: expect.stringMatching(/^only 0\.4 GiB are free in \/\S+; below 1\.0 GiB nothing goes on/),
      now: expect.stringContaining("docker builder prune"),
    },
  });
});

test.each<[string, number | null, string | null]>([
  ["there is room", 2 * gibibyte, null],
  ["there is little room", 1.9 * gibibyte, "disk-full"],
  ["the folder is on another machine", null, null],
])("nothing that writes much is begun when it must not be: %s", async (_name, free, code) => {
  const disk = createDisk(connect("unix:///var/run/docker.sock"), async () => free);
  const error = await disk.require("data is to be made").catch((thrown: unknown) => thrown);
  expect(error instanceof EngineError ? error.code : null).toBe(code);
});

test("the room on the engine's disk is measured where the engine keeps its data", async () => {
  const disk = createDisk(connect("unix:///var/run/docker.sock"));
  await expect(disk.require("a test is run")).resolves.toBeUndefined();
});
