import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSnapshotJobs } from "../../src/data/snapshot/jobs.ts";
import type { SeedPart } from "../../src/domain/seed.ts";
import { service } from "../support/stack.ts";
import { commitOf } from "./commit.ts";
import { ask, printed, run, volume, wishOf } from "./kinds-world.ts";
import { createWorld, noSources, ownedByTeam, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Built of anything: what it serves lies in a volume. */
const web = service("web", {
  image: { kind: "pull", reference: "node:24" },
  command: ["sleep", "600"],
  mounts: [volume("uploads", "/srv/uploads")],
  kept: true,
});
const folder: SeedPart = { kind: "folder", path: "seed/uploads" };

describe("a volume of files", () => {
  const files = { "seed/uploads/a/b.txt": "hello\n", "seed/uploads/run.sh": "#!/bin/sh\n" };

  test("holds a folder, and what its service's own program adds", async () => {
    const copies = run("web", "sh", "-c", "cp /srv/uploads/a/b.txt /srv/uploads/c.txt");
    const made = { its: web, wish: await wishOf(world, web, [folder, copies]), files };
    expect(await printed(world, made, "cd /srv/uploads && cat a/b.txt c.txt && ls")).toBe(
      "hello\nhello\na\nc.txt\nrun.sh",
    );
  });

  test("belongs to whom the image's folder belongs to, and nothing is run for it, nor given a secret", async () => {
    const cache = service("cache", {
      image: { kind: "pull", reference: "redis:8" },
      secrets: ["REDIS_PASSWORD"],
      environment: { REDIS_PASSWORD: "${secret:REDIS_PASSWORD}" },
      mounts: [volume("keys", "/data")],
      kept: true,
    });
    const wish = await wishOf(world, cache, [folder]);
    expect(wish.service).toMatchObject({ secrets: [], environment: {}, command: null });
    const its = { ...cache, environment: {}, command: ["sleep", "600"] };
    expect(await printed(world, { its, wish, files }, "stat -c '%U %n' /data /data/a/b.txt")).toBe(
      "redis /data\nredis /data/a/b.txt",
    );
    expect(await ask(world, wish, files)).toMatchObject({ snapshot: { root: { uid: 999, gid: 999 } } });
  });

  test("that a kill leaves at any call to the engine is never used, and goes with the next sweep", async () => {
    const parts: SeedPart[] = [{ kind: "folder", path: "seed" }, run("web", "true")];
    let kills = 0;
    for (;;) {
      const wish = await wishOf(world, web, parts);
      const { docker, isDead } = dyingAfter(world, kills + 1);
      const ended = Promise.withResolvers<void>();
      await using jobs = createSnapshotJobs({
        ...world.host,
        ...world.budget,
        sources: noSources,
        docker,
        subnets: world.subnets,
        rows: world.store.snapshots,
        parallel: 1,
        timeoutMs: 60_000,
        disk: undefined,
        onEnd: () => ended.resolve(),
      });
      const request = { owner: ownedByTeam, open: async () => commitOf({ "seed/a": "b" }) };
      await jobs.request(wish, { preview: "7-1", generation: 1 }, request);
      await ended.promise;
      if (!isDead()) break;
      kills += 1;
      expect(await world.jobs.find(wish.key), `killed at call ${kills}`).toBeNull();
      await world.jobs.sweep();
      const left = (await world.left()).filter((name) => name.includes(wish.key.slice(0, 8)));
      expect(left, `killed at call ${kills}`).toEqual([]);
    }
    expect(kills).toBeGreaterThan(10);
    const filters = { label: [`dev.mayfly.server=${world.server}`] };
    expect(await world.docker.listNetworks({ filters })).toEqual([]);
  });
});

/** An engine that answers so many calls, and then none any more, as for a process that was killed. */
function dyingAfter({ docker }: World, most: number): { docker: World["docker"]; isDead(): boolean } {
  let calls = 0;
  const counted = <T extends object>(object: T): T =>
    new Proxy(object, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          const isHandle = ["getContainer", "getVolume", "getNetwork"].includes(String(name));
          if (!isHandle && ++calls > most) return Promise.reject(new Error("killed"));
          const answer: unknown = value.apply(target, given);
          return isHandle ? counted(answer as object) : answer;
        };
      },
    });
  return { docker: counted(docker), isDead: () => calls > most };
}
