import { once } from "node:events";
import { mkdir, mkdtemp, open, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EngineError } from "../../src/domain/errors.ts";
import { createDisk } from "../../src/engine/disk.ts";
import { connect } from "../../src/engine/docker.ts";
import { hijack } from "../../src/engine/hijack.ts";
import { createEngineProxy } from "../support/engine-proxy.ts";
import { eventually } from "../support/eventually.ts";
import { createBuildWorld, fresh } from "./build-world.ts";

const gibibyte = 1024 ** 3;
const endless = (line: string) => ({ Dockerfile: `FROM node:24\n${fresh()}\nRUN echo begun && ${line}\n` });

test("a build whose engine is stopped in its middle is tried again, and is no mistake of Mayfly", async () => {
  await using proxy = await createEngineProxy({ kill: async () => undefined });
  await using world = await createBuildWorld({ docker: connect(proxy.host) });
  const ending = world.finish(world.spec(), world.commit(endless("sleep 600")));
  await eventually(() => world.jobs.tail("7-42", 20).some((line) => line.endsWith("begun")), { timeoutMs: 60_000 });
  await proxy[Symbol.asyncDispose]();
  expect(await ending).toMatchObject({
    state: "failed",
    failure: { code: "engine-unreachable", retry: "backoff", what: expect.stringContaining("engine") },
  });
});

test("nothing is sent after the call that opens a connection until it is open: the engine would take it for the first of it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-hijack-"));
  let received = "";
  const closed = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.on("data", (chunk) => {
      received += String(chunk);
      if (received.includes("\r\n\r\n"))
        socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    });
    socket.on("close", () => closed.resolve());
  });
  server.listen(join(folder, "socket"));
  await once(server, "listening");
  const opened = await hijack(connect(`unix://${folder}/socket`), "/session");
  opened.destroy();
  await closed.promise;
  server.close();
  await rm(folder, { recursive: true });
  expect(received).toMatch(/^POST \/v[\d.]+\/session HTTP\/1\.1\r\n/);
  expect(received.indexOf("\r\n\r\n")).toBe(received.length - 4);
});

test("a build that fills the disk ends before it is full, and says how much is free and what to do", async () => {
  let free = 5 * gibibyte;
  const docker = connect("unix:///var/run/docker.sock");
  await using world = await createBuildWorld({ disk: createDisk(docker, { freeBytes: async () => free }) });
  const ending = world.finish(world.spec(), world.commit(endless("sleep 600")));
  await eventually(() => world.jobs.tail("7-42", 20).some((line) => line.endsWith("begun")), { timeoutMs: 60_000 });
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
  const disk = createDisk(connect("unix:///var/run/docker.sock"), { freeBytes: async () => free });
  const error = await disk.require("data is to be made").catch((thrown: unknown) => thrown);
  expect(error instanceof EngineError ? error.code : null).toBe(code);
});

test("the room on the engine's disk is measured where the engine keeps its data", async () => {
  const disk = createDisk(connect("unix:///var/run/docker.sock"));
  await expect(disk.require("a test is run")).resolves.toBeUndefined();
});

test("where the room cannot be seen, builds go on, and the operator is told once", async () => {
  const told: string[] = [];
  const docker = connect("unix:///var/run/docker.sock");
  const { DockerRootDir } = (await docker.info()) as { DockerRootDir: string };
  const disk = createDisk(docker, { isLocal: false, onUnknown: (folder) => told.push(folder) });
  await using world = await createBuildWorld({ disk });
  const build = world.spec();
  await disk.require("an image is to be built");
  expect(await world.finish(build, world.commit({ Dockerfile: `FROM node:24\n${fresh()}\nRUN sleep 2\n` }))).toEqual({
    state: "built",
  });
  expect(told).toEqual([DockerRootDir]);
  await world.remove(build);
});

test("a disk of the state folder that is full is the operator's, and no mistake of Mayfly", async () => {
  await using world = await createBuildWorld();
  const build = world.spec();
  const name = `${build.tag.slice(build.tag.lastIndexOf(":") + 1)}.log`;
  await mkdir(join(world.folder, "logs", "7-42"), { recursive: true });
  await symlink("/dev/full", join(world.folder, "logs", "7-42", name));
  expect(
    await world.finish(build, world.commit({ Dockerfile: `FROM node:24\n${fresh()}\nRUN sleep 600\n` })),
  ).toMatchObject({
    state: "failed",
    failure: {
      code: "disk-full",
      what: expect.stringContaining("log could not be written to"),
      now: expect.stringContaining("Mayfly's state folder"),
    },
  });
});

test("a huge context is sent as the engine takes it, and costs no memory", async () => {
  await using world = await createBuildWorld();
  const build = world.spec();
  const request = world.commit({ Dockerfile: `FROM node:24\n${fresh()}\nCOPY small /small\n`, small: "x" });
  const { root } = await request.open(new AbortController().signal);
  const huge = await open(join(root, "huge"), "w");
  await huge.truncate(gibibyte / 4);
  await huge.close();
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  expect(await world.finish(build, request)).toEqual({ state: "built" });
  clearInterval(watch);
  expect(most - before).toBeLessThan(96 * 1024 ** 2);
  await world.remove(build);
});
