import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { observe, observeOwned } from "../../src/engine/observe.ts";
import type { StackState } from "../../src/domain/stack-state.ts";
import type { ContainerPlan } from "../../src/plan/step.ts";
import { type BareStep, createWorld, idle, listening, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

/** db (kept, with a home that it is not in) and web, as a plan brings them up and takes them down. */
function twoServices(): { db: ContainerPlan; web: ContainerPlan; up: BareStep[]; down: BareStep[] } {
  const db: ContainerPlan = {
    ...world.container("db", idle, {
      kept: true,
      mounts: [{ kind: "volume", volume: "pgdata", target: "/var/lib/postgresql/data", readOnly: false }],
      environment: { POSTGRES_PASSWORD: "secret" },
      command: null,
      stopSignal: "SIGINT",
    }),
    imageId: world.images.postgres,
    attachments: [world.attachment("default", 0)],
    hasHome: true,
    volumes: { pgdata: world.name("pgdata_1") },
  };
  const web: ContainerPlan = {
    ...world.container("web", listening(3000)),
    attachments: [world.attachment("default", 1, ["shop"])],
  };
  const of = (plan: ContainerPlan) => ({ container: plan.name, service: plan.service.name });
  return {
    db,
    web,
    up: [
      world.network("default"),
      { kind: "create-volume", name: world.name("pgdata_1"), volume: "pgdata", dataKey: "key", generation: 1 },
      { kind: "create", container: db },
      { kind: "start", ...of(db), hasHome: true },
      world.awaiting(db, { ports: [5432], network: world.name("default") }),
      { kind: "create", container: web },
      { kind: "start", ...of(web) },
      world.awaiting(web, { ports: [3000] }),
    ],
    down: [
      { kind: "stop", ...of(web), graceMs: 1000 },
      { kind: "remove", ...of(web), graceMs: 1000 },
      { kind: "leave", ...of(db), network: world.name("default") },
      { kind: "remove-network", name: world.name("default") },
      { kind: "remove", ...of(db), graceMs: 5000 },
      { kind: "remove-volume", name: world.name("pgdata_1") },
    ],
  };
}

const withoutIds = (state: StackState) => ({
  ...state,
  containers: state.containers.map(({ id: _id, ...rest }) => rest),
});
const seen = () => observe(world.docker, world.server, "7-42");

describe("a stack of two services", () => {
  test("comes up from nothing and goes back to nothing, each step run twice", async () => {
    const { db, web, up, down } = twoServices();
    for (const step of up) {
      await world.run(step);
      const before = await seen();
      await world.run(step);
      const after = await seen();
      // Only a container that was never started is made again.
      const sight = step.kind === "create" ? withoutIds : (state: StackState) => state;
      expect({ step: step.kind, ...sight(after) }).toEqual({ step: step.kind, ...sight(before) });
    }
    const state = await seen();
    expect(state.networks).toMatchObject([{ name: world.name("default"), network: "default" }]);
    expect(state.volumes).toMatchObject([{ name: world.name("pgdata_1"), volume: "pgdata", dataKey: "key" }]);
    const found = Object.fromEntries(state.containers.map((container) => [container.service, container]));
    expect(found["db"]).toMatchObject({
      name: db.name,
      state: "running",
      volumes: [world.name("pgdata_1")],
      specHash: "hash-of-db",
      generation: 1,
    });
    expect(found["web"]).toMatchObject({ name: web.name, state: "running", exitCode: null, ranMs: null });
    const subnet = state.networks[0]?.subnet ?? "";
    const [, prefix = "", base] = /^(.*\.)(\d+)\/28$/.exec(subnet) ?? [];
    expect(found["db"]?.addresses[world.name("default")]).toBe(`${prefix}${Number(base) + 2}`);
    expect(found["web"]?.addresses[world.name("default")]).toBe(`${prefix}${Number(base) + 3}`);
    const owned = await observeOwned(world.docker, world.server);
    expect(
      owned
        .get("7-42")
        ?.map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(["container", "container", "network", "volume"]);
    expect(owned.get("7-42")?.every(({ createdAt }) => createdAt > Date.now() - 120_000)).toBe(true);

    for (const step of down) {
      await world.run(step);
      const before = await seen();
      await world.run(step);
      expect({ step: step.kind, ...(await seen()) }).toEqual({ step: step.kind, ...before });
    }
    expect(await seen()).toEqual({ containers: [], networks: [], volumes: [] });
  });

  test("names of services and aliases are found inside, and the database by its own name", async () => {
    const { db, web, up, down } = twoServices();
    for (const step of up) await world.run(step);
    const asker = world.container(
      "asker",
      `Promise.all(["db","web","shop"].map(n=>require("dns").promises.lookup(n).then(a=>a.address))).then(a=>console.log(a.join()))`,
    );
    await world.up({ ...asker, service: { ...asker.service, job: true } });
    await world.run(world.awaiting(asker, { condition: "completed" }));
    const { containers } = await seen();
    const address = (name: string) => containers.find((each) => each.name === name)?.addresses[world.name("default")];
    const printed = (await world.docker.getContainer(asker.name).logs({ stdout: true })).toString();
    expect(printed).toContain([address(db.name), address(web.name), address(web.name)].join());
    await world.down(asker);
    for (const step of down) await world.run(step);
  });

  test("a run that is killed between any two steps is taken up again", async () => {
    const { up, down } = twoServices();
    for (let killedAfter = 1; killedAfter < up.length; killedAfter += 3) {
      const killed = new AbortController();
      for (const [index, step] of up.entries()) {
        if (index === killedAfter) killed.abort(new Error("a newer generation"));
        const outcome = await world.run(step, killed.signal).then(
          () => "done",
          (error: Error) => error.message,
        );
        expect(outcome).toBe(index < killedAfter ? "done" : "a newer generation");
      }
      for (const step of up) await world.run(step);
      expect((await seen()).containers).toMatchObject([{ state: "running" }, { state: "running" }]);
      for (const step of down) await world.run(step);
    }
  });

  test("waiting ends at once when a newer generation comes", async () => {
    await world.run(world.network("default"));
    const silent = world.container("silent", idle);
    await world.up(silent);
    const newer = new AbortController();
    const waiting = world.run(world.awaiting(silent, { ports: [3000] }), newer.signal);
    newer.abort(new Error("a newer generation"));
    await expect(waiting).rejects.toThrow("a newer generation");
    await world.down(silent);
    await world.run({ kind: "remove-network", name: world.name("default") });
  });
});
