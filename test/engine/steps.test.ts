import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EngineError } from "../../src/domain/errors.ts";
import { anchorImageName } from "../../src/engine/anchor-image.ts";
import { observe } from "../../src/engine/observe.ts";
import { type BareStep, createWorld, idle, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const seen = () => observe(world.docker, world.server, "7-42");

describe("one step", () => {
  test("a container that was made but never started is made again, one that runs with the same spec is kept", async () => {
    await world.run(world.network("default"));
    const plan = world.container("web", idle);
    const idOf = async () => (await seen()).containers[0]?.id;
    await world.run({ kind: "create", container: plan });
    const first = await idOf();
    await world.run({ kind: "create", container: plan });
    const second = await idOf();
    expect(second).not.toBe(first);
    await world.run({ kind: "start", container: plan.name, service: "web" });
    await world.run({ kind: "create", container: plan });
    expect(await idOf()).toBe(second);
    await world.run({ kind: "create", container: { ...plan, specHash: "another" } });
    expect(await idOf()).not.toBe(second);
    expect((await seen()).containers).toMatchObject([{ specHash: "another", state: "created" }]);
    await world.down(plan);
    await world.run({ kind: "remove-network", name: world.name("default") });
  });

  test("a network is removed although a stopped and a running container are still in it", async () => {
    await world.run(world.network("home"));
    await world.run(world.network("default"));
    const attachments = [world.attachment("home", null)];
    const [stopped, runs] = [world.container("stopped", idle), world.container("runs", idle)].map((plan) => ({
      ...plan,
      attachments,
    }));
    if (!stopped || !runs) throw new Error("unreachable");
    for (const plan of [stopped, runs]) {
      await world.up(plan);
      await world.run({
        kind: "join",
        container: plan.name,
        service: plan.service.name,
        attachment: world.attachment("default", null),
      });
    }
    await world.run({ kind: "stop", container: stopped.name, service: "stopped", graceMs: 1000 });
    await world.run({ kind: "remove-network", name: world.name("default") });
    expect((await seen()).networks.map(({ network }) => network)).toEqual(["home"]);
    // What only remembered the network can be started again, and joins its successor.
    await world.run({ kind: "start", container: stopped.name, service: "stopped" });
    await world.run(world.network("default"));
    await world.run({
      kind: "join",
      container: stopped.name,
      service: "stopped",
      attachment: world.attachment("default", 0),
    });
    const found = (await seen()).containers.find(({ service }) => service === "stopped");
    expect(found?.addresses[world.name("default")]).toMatch(/^10\.217\./);
    for (const plan of [stopped, runs]) await world.down(plan);
    for (const name of ["default", "home"]) await world.run({ kind: "remove-network", name: world.name(name) });
  });

  test("a volume in use is not removed, and the error names its user", async () => {
    await world.run(world.network("default"));
    await world.run({ kind: "create-volume", name: world.name("data"), volume: "data", dataKey: "key", generation: 1 });
    const plan = {
      ...world.container("user", idle, {
        mounts: [{ kind: "volume", volume: "data", target: "/data", readOnly: false }],
      }),
      volumes: { data: world.name("data") },
    };
    await world.up(plan);
    const refused = world.run({ kind: "remove-volume", name: world.name("data") });
    await expect(refused).rejects.toMatchObject({
      code: "engine-refused",
      retry: "backoff",
      message: expect.stringContaining(plan.name),
    });
    await world.down(plan);
    await world.run({ kind: "remove-volume", name: world.name("data") });
    await world.run({ kind: "remove-network", name: world.name("default") });
  });

  test("anonymous volumes, the image's own included, go with their container", async () => {
    await world.run(world.network("default"));
    const plan = {
      ...world.container("db", idle, { mounts: [{ kind: "anonymous", target: "/scratch" }] }),
      imageId: world.images.postgres,
    };
    await world.run({ kind: "create", container: { ...plan, service: { ...plan.service, command: ["sleep", "60"] } } });
    const volumes = (await seen()).containers[0]?.volumes ?? [];
    expect(volumes).toHaveLength(2);
    await world.down(plan);
    const left = (await world.docker.listVolumes()).Volumes.map(({ Name }) => Name);
    expect(volumes.filter((name) => left.includes(name))).toEqual([]);
    await world.run({ kind: "remove-network", name: world.name("default") });
  });

  test("what is not ours is never touched", async () => {
    await world.docker.createVolume({ Name: world.name("foreign") });
    await world.docker.createNetwork({
      Name: world.name("foreign"),
      IPAM: { Config: [{ Subnet: "10.217.255.0/28" }] },
    });
    const steps: BareStep[] = [
      { kind: "remove-volume", name: world.name("foreign") },
      { kind: "create-volume", name: world.name("foreign"), volume: "v", dataKey: "k", generation: 1 },
      { kind: "remove-network", name: world.name("foreign") },
      world.network("foreign"),
    ];
    for (const step of steps) await expect(world.run(step)).rejects.toThrow(/is not ours/);
    await world.docker.getVolume(world.name("foreign")).remove();
    await world.docker.getNetwork(world.name("foreign")).remove();
  });

  test("what is another preview's is never touched, though the same server made it", async () => {
    const owned = (kind: string) => ({
      "dev.mayfly.server": world.server,
      "dev.mayfly.preview": "7-43",
      "dev.mayfly.kind": kind,
    });
    const name = world.name("theirs");
    await world.docker.createVolume({ Name: name, Labels: owned("data") });
    await world.docker.createNetwork({
      Name: name,
      Labels: owned("network"),
      IPAM: { Config: [{ Subnet: "10.217.255.0/28" }] },
    });
    const call = { name, Image: world.images.node, Labels: owned("service"), HostConfig: { NetworkMode: "none" } };
    await world.docker.createContainer(call);
    const steps: BareStep[] = [
      { kind: "remove-volume", name },
      { kind: "create-volume", name, volume: "v", dataKey: "k", generation: 1 },
      { kind: "remove-network", name },
      world.network("theirs"),
      { kind: "create", container: world.container("theirs", idle) },
      { kind: "remove", container: name, service: "theirs", graceMs: 0 },
      { kind: "join", container: name, service: "theirs", attachment: world.attachment("theirs", null) },
    ];
    for (const step of steps) await expect(world.run(step)).rejects.toThrow(/is not ours/);
    await world.docker.getContainer(name).remove();
    await world.docker.getVolume(name).remove();
    await world.docker.getNetwork(name).remove();
  });

  test("a folder of a volume is made before it is mounted, and one that is there stays as it is", async () => {
    await world.run(world.network("default"));
    const volume = world.name("data");
    await world.run({ kind: "create-volume", name: volume, volume: "data", dataKey: "k", generation: 1 });
    const mount = { kind: "volume", volume: "data", readOnly: false } as const;
    const program = (text: string) => `require("child_process").execSync(${JSON.stringify(text)},{stdio:"inherit"})`;
    const first = {
      ...world.container("first", program("chown 7:8 /a && chmod 700 /a && touch /a/file"), {
        job: true,
        mounts: [{ ...mount, target: "/a", subpath: "deep/folder" }],
      }),
      volumes: { data: volume },
    };
    const second = {
      ...world.container("second", program("stat -c '%u:%g %a' /all/deep/folder /new && ls /a"), {
        job: true,
        mounts: [
          { ...mount, target: "/all" },
          { ...mount, target: "/a", subpath: "deep/folder" },
          { ...mount, target: "/new", subpath: "new" },
        ],
      }),
      volumes: { data: volume },
    };
    for (const plan of [first, second]) {
      await world.up(plan);
      await world.run(world.awaiting(plan, { condition: "completed" }));
    }
    const log = await world.docker.getContainer(second.name).logs({ stdout: true, stderr: true });
    expect(log.toString()).toMatch(/7:8 700\n.*0:0 755\n.*file\n/s);
    for (const plan of [first, second]) await world.down(plan);
    await world.run({ kind: "remove-volume", name: volume });
    await world.run({ kind: "remove-network", name: world.name("default") });
    await world.docker.getImage(anchorImageName(world.server)).remove();
  });

  test("a program that is not in the image is told as the service's fault", async () => {
    await world.run(world.network("default"));
    const plan = world.container("web", "", { command: ["no-such-program"], entrypoint: [] });
    await world.run({ kind: "create", container: plan });
    const error = await world
      .run({ kind: "start", container: plan.name, service: "web" })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({
      code: "service-exited",
      service: "web",
      message: expect.stringContaining("no-such-program"),
    });
    await world.down(plan);
    await world.run({ kind: "remove-network", name: world.name("default") });
  });

  test("Compose's own tools see the stack", async () => {
    await world.run(world.network("default"));
    const plan = world.container("web", idle);
    await world.up(plan);
    const found = await world.docker.listContainers({
      filters: { label: [`com.docker.compose.project=${world.project}`] },
    });
    expect(found.map(({ Labels }) => Labels["com.docker.compose.service"])).toEqual(["web"]);
    await world.down(plan);
    await world.run({ kind: "remove-network", name: world.name("default") });
  });
});
