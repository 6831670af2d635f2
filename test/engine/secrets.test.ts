import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ServiceSpec } from "../../src/domain/service.ts";
import { EngineError } from "../../src/domain/errors.ts";
import { execute } from "../../src/engine/exec.ts";
import { heldSecrets } from "../../src/engine/held-secrets.ts";
import type { ContainerPlan } from "../../src/plan/step.ts";
import { clock, createWorld, idle, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
  await world.run(world.network("default"));
});
afterEach(async () => {
  await world.run({ kind: "remove-network", name: world.name("default") });
  await world[Symbol.asyncDispose]();
});

const values = new Map([
  ["KEY", 'a value with $dollars, "quotes" and\ntwo lines'],
  ["OTHER", "another one"],
]);
const file = { secret: "KEY", file: "key", uid: 0, gid: 0, mode: 0o444 };

const withFiles = (more: Partial<ServiceSpec>): ContainerPlan =>
  world.container("web", idle, { secrets: ["KEY", "OTHER"], secretFiles: [file], ...more });

async function shell(plan: ContainerPlan, command: string): Promise<string> {
  const { lines } = await execute({ docker: world.docker, clock }, plan.name, {
    command: ["sh", "-c", command],
    signal: AbortSignal.timeout(10_000),
  });
  return lines.join("\n");
}

async function up(plan: ContainerPlan): Promise<void> {
  await world.run({ kind: "create", container: plan }, { secrets: values });
  await world.run({ kind: "start", container: plan.name, service: plan.service.name });
}

describe("a service has its secrets", () => {
  test("in its environment, also inside a longer value, and no other's", async () => {
    const environment = { KEY: "${secret:KEY}", URL: "x://a:${secret:OTHER}@b", NOT: "${secret:NEVER}" };
    const plan = world.container("web", idle, { secrets: ["KEY", "OTHER"], environment });
    await up(plan);
    expect(await shell(plan, 'printf %s "$KEY"')).toBe(values.get("KEY"));
    expect(await shell(plan, "echo $URL $NOT")).toBe("x://a:another one@b ${secret:NEVER}");
    await world.down(plan);
  });

  test.each<[string, Partial<ServiceSpec>]>([
    ["as a file", {}],
    ["as a file of a read-only container", { readOnly: true }],
    ["as a file under a tmpfs", { readOnly: true, mounts: [{ kind: "tmpfs", target: "/run", sizeBytes: null }] }],
    ["as a file that any user may read", { user: "1000:1000" }],
  ])("%s", async (_what, more) => {
    const plan = withFiles(more);
    await up(plan);
    expect(await shell(plan, "cat /run/secrets/key; ls /run/secrets")).toBe(`${values.get("KEY")}key`);
    // It outlives a stop.
    await world.docker.getContainer(plan.name).restart({ t: 0 });
    expect(await shell(plan, "cat /run/secrets/key")).toBe(values.get("KEY"));
    await world.down(plan);
  });

  test("with the owner and permissions that Compose's long form says", async () => {
    const plan = withFiles({ user: "1000", secretFiles: [{ ...file, uid: 1000, gid: 1001, mode: 0o400 }] });
    await up(plan);
    expect(await shell(plan, "stat -c '%u %g %a' /run/secrets/key; tail -1 /run/secrets/key")).toBe(
      "1000 1001 400\ntwo lines",
    );
    await world.down(plan);
  });
});

test("a container that was made and never started is not taken for one that has its files", async () => {
  const plan = withFiles({});
  // As a kill between making it and writing its files leaves it.
  await world.run(
    { kind: "create", container: { ...plan, service: { ...plan.service, secretFiles: [] } } },
    { secrets: values },
  );
  await up(plan);
  expect(await shell(plan, "cat /run/secrets/key")).toBe(values.get("KEY"));
  await world.down(plan);
});

test("one whose secret was not read is not made", async () => {
  const making = world.run({ kind: "create", container: withFiles({}) }, { secrets: new Map() });
  await expect(making).rejects.toThrow(EngineError);
  expect(await world.docker.listContainers({ all: true, filters: { name: [world.name("web")] } })).toEqual([]);
});

test("what a container holds is learned from it, and not what it has put in place of its secrets", async () => {
  const other = { ...file, secret: "OTHER", file: "other" };
  const plan = withFiles({ environment: { URL: "x://a:${secret:OTHER}@b" }, secretFiles: [file, other] });
  await up(plan);
  // As large as it likes: it is the container's own folder.
  await shell(plan, "cd /run/secrets && truncate -s 8G other more && ln -s /dev/zero link");
  const held = await heldSecrets(world.docker, { server: world.server, preview: "7-42" }, () => plan.service);
  expect(held.toSorted()).toEqual([values.get("KEY"), values.get("OTHER")].toSorted());
  await world.down(plan);
});
