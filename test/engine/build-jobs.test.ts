import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createBuildWorld, fresh } from "./build-world.ts";

describe("build jobs", () => {
  test("one that nobody waits for any more is ended within seconds, and its place is free", async () => {
    await using world = await createBuildWorld({ parallel: 1 });
    const slow = world.spec();
    const request = world.commit({ Dockerfile: `FROM node:24\n${fresh()}\nRUN echo started && sleep 600\n` });
    const pipes = () => process.getActiveResourcesInfo().filter((name) => name === "PipeWrap").length;
    const before = pipes();
    world.jobs.request(slow, { preview: "7-42", generation: 1 }, request);
    await eventually(() => world.jobs.tail("7-42", 20).some((line) => /^#\d+ started$/.test(line)), {
      timeoutMs: 30_000,
    });
    world.jobs.release("7-42", 1);
    expect(world.jobs.place(slow.tag)).toBe(0);
    world.jobs.release("7-42", 2);
    expect(world.jobs.place(slow.tag)).toBeNull();
    const quick = world.spec();
    expect(await world.finish(quick, world.commit({ Dockerfile: `FROM node:24\n${fresh()}\n` }))).toEqual({
      state: "built",
    });
    expect(world.ended).toEqual(["7-42"]);
    // The engine's session of the cancelled build is closed too (idle connections are kept for five seconds).
    await eventually(() => pipes() <= before, { timeoutMs: 15_000 });
    await world.remove(quick);
  });

  test("two previews that need the same image share one build", async () => {
    await using world = await createBuildWorld();
    const build = world.spec();
    const request = world.commit({ Dockerfile: `FROM node:24\n${fresh()}\nRUN sleep 1\n` });
    let opened = 0;
    const counted = { ...request, open: async (signal: AbortSignal) => (opened++, request.open(signal)) };
    expect(world.jobs.request(build, { preview: "7-1", generation: 1 }, counted)).toEqual({ state: "building" });
    expect(world.jobs.request(build, { preview: "7-2", generation: 4 }, counted)).toEqual({ state: "building" });
    expect(world.jobs.request(build, { preview: "7-1", generation: 1 }, counted)).toEqual({ state: "building" });
    await eventually(() => world.ended.length === 2, { timeoutMs: 30_000 });
    expect(world.ended).toEqual(["7-1", "7-2"]);
    expect(opened).toBe(1);
    // Asked for although it is there: it is not built again.
    expect(await world.finish(build, counted)).toEqual({ state: "built" });
    expect(opened).toBe(1);
    await world.remove(build);
  });

  test("each subscriber is told of a failure once; a newer generation builds anew", async () => {
    await using world = await createBuildWorld();
    const build = world.spec();
    const request = world.commit({ Dockerfile: `FROM node:24\n${fresh()}\nRUN exit 1\n` });
    for (const preview of ["7-1", "7-2", "7-3"]) world.jobs.request(build, { preview, generation: 1 }, request);
    await eventually(() => world.ended.length === 3, { timeoutMs: 30_000 });
    expect(world.jobs.request(build, { preview: "7-1", generation: 1 }, request)).toMatchObject({ state: "failed" });
    expect(world.jobs.request(build, { preview: "7-2", generation: 2 }, request)).toEqual({ state: "building" });
    expect(world.jobs.request(build, { preview: "7-3", generation: 1 }, request)).toMatchObject({ state: "failed" });
    await eventually(() => world.ended.length === 4, { timeoutMs: 30_000 });
    expect(world.ended.at(-1)).toBe("7-2");
  });

  test("what waits for a place knows how many are ahead of it", async () => {
    await using world = await createBuildWorld({ parallel: 1 });
    const request = world.commit({ Dockerfile: `FROM node:24\n${fresh()}\nRUN sleep 600\n` });
    const builds = [world.spec(), world.spec(), world.spec()];
    for (const [index, build] of builds.entries())
      world.jobs.request(build, { preview: `7-${index}`, generation: 1 }, request);
    expect(builds.map((build) => world.jobs.place(build.tag))).toEqual([0, 1, 2]);
    world.jobs.release("7-1");
    expect(builds.map((build) => world.jobs.place(build.tag))).toEqual([0, null, 1]);
  });

  test("logs of a preview that is gone are deleted", async () => {
    await using world = await createBuildWorld();
    const build = world.spec();
    await world.finish(build, world.commit({ Dockerfile: "NONSENSE" }));
    expect(readdirSync(join(world.folder, "logs/7-42"))).toHaveLength(1);
    await world.jobs.forget("7-42");
    expect(existsSync(join(world.folder, "logs/7-42"))).toBe(false);
    expect(await world.jobs.buildLog(build.tag)).toBeNull();
  });
});
