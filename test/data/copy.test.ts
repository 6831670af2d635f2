import { afterAll, beforeAll, expect, test } from "vitest";
import { createHolder } from "../../src/engine/holder.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test("a copy that does not end is ended, and leaves no program behind", async () => {
  const snapshot = await world.snapshot("aaaa0001", "CREATE TABLE guest (name text);");
  const made = await world.docker.createContainer({
    Image: world.images.postgres,
    Labels: { "dev.mayfly.server": world.server },
    Entrypoint: ["sh", "-c", "printf '#!/bin/sh\nexec sleep 600\n' > \"$(command -v cp)\""],
    HostConfig: { NetworkMode: "none" },
  });
  await made.start();
  await made.wait();
  const { Id: imageId } = (await made.commit({ changes: "ENTRYPOINT []" })) as { Id: string };
  await made.remove({ v: true });
  await expect(world.branch(snapshot, "7-61", "copy", { imageId, timeoutMs: 2000 })).rejects.toMatchObject({
    code: "seed-failed",
    message: "db was still being copied after 2.0 s",
  });
  expect((await world.left()).filter((name) => name.endsWith(".copy"))).toEqual([]);
  await world.drop(world.name("pgdata_7-61"));
});

test("what copies data is a program of the branch's image: it gets a bounded share of the machine", async () => {
  const holder = await createHolder(world.docker, {
    name: `mayfly-copy-${world.server}`,
    image: world.images.postgres,
    labels: { "dev.mayfly.server": world.server, "dev.mayfly.kind": "helper" },
    volumes: {},
    command: ["cp"],
  });
  const { Memory, MemorySwap, NanoCpus, PidsLimit } = (await holder.inspect()).HostConfig;
  await holder.remove();
  for (const limit of [Memory, MemorySwap, NanoCpus, PidsLimit]) expect(limit).toBeGreaterThan(0);
});
