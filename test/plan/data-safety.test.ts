import { describe, expect, test } from "vitest";
import { dataKey } from "../../src/domain/naming.ts";
import type { StackState } from "../../src/domain/stack-state.ts";
import { planDeploy, planSettle } from "../../src/plan/deploy.ts";
import { containerHash } from "../../src/plan/identity.ts";
import type { Plan } from "../../src/plan/step.ts";
import { images, running, service, shop, sqlFiles } from "../support/stack.ts";

const volume = { name: "shop-pr-42-ab12_pgdata_0001", dataKey: dataKey("pgdata", "sha256:db", "0") };
const whole = new Set([volume.name]);
const served = { ...shop(1), resolved: { images, volumes: { pgdata: volume.name } } };
const moved = { ...images, db: { ...images["db"]!, id: "sha256:db-pulled-again" } };
const ids = (plan: Plan) => plan.steps.map((step) => step.id);
const after = (plan: Plan, id: string) => plan.steps.find((step) => step.id === id)?.after ?? [];
const settle = (state: StackState, more: object = {}) =>
  planSettle({ serving: served, state, images, whole, nonce: "n", ...more });
const deploy = (candidate: ReturnType<typeof shop>, state: StackState, more: object = {}) =>
  planDeploy({ candidate, serving: served, state, images, whole, nonce: "n0nc", drainMs: 30_000, ...more });

describe("data of what serves", () => {
  test("is kept although its image's tag means another image by now", () => {
    expect(settle(running(served, volume), { images: moved }).steps).toEqual([]);
  });

  test("is neither seeded again nor replaced when its database was killed or removed meanwhile", () => {
    const seeds = [{ service: "db", volume: "pgdata", parts: sqlFiles("seed.sql") }];
    const serving = { ...served, seeds };
    const state = running(serving, volume);
    const killed = { ...state.containers[0]!, state: "exited" as const, exitCode: 137, ranMs: 60_000 };
    const gone = { ...state, containers: [state.containers[1]!] };
    for (const each of [{ ...state, containers: [killed, state.containers[1]!] }, gone]) {
      const plan = settle(each, { serving, images: moved });
      expect(ids(plan)).not.toEqual(expect.arrayContaining(["create-volume:pgdata"]));
      expect(
        plan.steps.filter((step) => ["seed", "complete", "create-volume", "remove-volume"].includes(step.kind)),
      ).toEqual([]);
      expect(ids(plan)).toContain("start:db");
    }
    const made = settle(gone, { serving }).steps.find((step) => step.kind === "create");
    expect(made).toMatchObject({ container: { volumes: { pgdata: volume.name } } });
  });

  test("outlives a reset whose candidate is not ready yet, even while its container is missing", () => {
    const state = running(served, volume);
    const plan = deploy(shop(2, { dataEpoch: 1 }), { ...state, containers: [state.containers[1]!] });
    expect(ids(plan)).not.toContain(`remove-volume:${volume.name}`);
    const swap = plan.steps.find((step) => step.kind === "swap");
    expect(swap?.retired, "and afterwards, for a while").toMatchObject([{ name: volume.name, volume: "pgdata" }]);
  });

  test("is made anew by a reset also where no volume with a name holds it, and by nothing else", () => {
    const image = { id: "sha256:queue", ports: [], volumes: ["/var/lib/queue"] };
    const anonymous = (generation: number, dataEpoch: number) => {
      const queue = service("queue", { image: { kind: "pull", reference: "queue" } });
      return shop(generation, { dataEpoch, volumes: [], routes: [], services: [queue] });
    };
    const [before] = running(anonymous(1, 0), volume).containers;
    const specHash = containerHash(anonymous(1, 0).services[0]!, image.id, {});
    const state = { ...running(anonymous(1, 0), volume), containers: [{ ...before!, specHash }], volumes: [] };
    const isMade = (dataEpoch: number) => {
      const plan = deploy(anonymous(2, dataEpoch), state, { serving: anonymous(1, 0), images: { queue: image } });
      return ids(plan).includes("create:queue");
    };
    expect([isMade(0), isMade(1)]).toEqual([false, true]);
  });

  test("is not whole because another service mounts its volume first", () => {
    const seeds = [{ service: "db", volume: "pgdata", parts: sqlFiles("seed.sql") }];
    const backup = service("backup", { mounts: [{ kind: "volume", volume: "pgdata", target: "/in", readOnly: true }] });
    const stack = shop(1, { seeds });
    stack.services.unshift(backup);
    const plan = planDeploy({
      candidate: stack,
      serving: null,
      state: { containers: [], networks: [], volumes: [] },
      whole: new Set(),
      nonce: "n",
      drainMs: 0,
      images: { ...images, backup: { id: "b", ports: [], volumes: [] } },
    });
    expect(after(plan, "complete:pgdata")).toEqual(["await:db", "seed:pgdata"]);
  });
});

describe("volumes that are in use", () => {
  test("an anonymous one is left alone while its container is wanted", () => {
    const state = running(served, volume);
    const anonymous = { name: "a1b2", volume: "", dataKey: "", createdAt: 0 };
    const web = { ...state.containers[1]!, volumes: ["a1b2"] };
    const plan = settle({ ...state, containers: [state.containers[0]!, web], volumes: [...state.volumes, anonymous] });
    expect(plan.steps).toEqual([]);
  });

  test("one whose container is made again goes only after that", () => {
    const state = running(shop(2), volume);
    const half = { name: "half", volume: "uploads", dataKey: "x", createdAt: 0 };
    const web = { ...state.containers[1]!, state: "created" as const, volumes: ["half"] };
    const plan = planDeploy({
      candidate: shop(2),
      serving: null,
      state: { ...state, containers: [state.containers[0]!, web], volumes: [...state.volumes, half] },
      images,
      whole,
      nonce: "n",
      drainMs: 0,
    });
    expect(after(plan, "remove-volume:half")).toEqual(["create:web"]);
  });
});

describe("two servers never run on the same files", () => {
  const changed = () => {
    const candidate = shop(2);
    candidate.services[0] = { ...candidate.services[0]!, command: ["postgres", "-c", "work_mem=8MB"] };
    return candidate;
  };

  test.each(["running", "restarting", "exited", "paused"] as const)(
    "a database that is %s is stopped before its replacement starts, which serves both generations",
    (state) => {
      const before = running(served, volume);
      const plan = deploy(changed(), {
        ...before,
        containers: [{ ...before.containers[0]!, state }, before.containers[1]!],
      });
      expect(after(plan, "start:db")).toContain("stop:db");
      expect(plan.steps.flatMap((step) => (step.kind === "join" ? [step.attachment.network] : []))).toContain(
        "shop-pr-42-ab12_g1_default",
      );
    },
  );

  test("requests wait from just before it is stopped, when everything is made", () => {
    const plan = deploy(changed(), running(served, volume));
    expect(after(plan, "stop:db")).toContain("lull");
    expect(after(plan, "lull")).toEqual(expect.arrayContaining(["create:db", "create:web"]));
    expect(after(plan, "lull")).not.toContain("start:web");
  });

  test("requests wait too where an earlier run of the attempt was ended in the middle", () => {
    const before = running(served, volume);
    const [db, web] = before.containers;
    const plan = deploy(changed(), before);
    const made = plan.steps.find((step) => step.kind === "create" && step.container.service.name === "db");
    if (made?.kind !== "create") throw new Error("nothing replaces the database");
    const { name, specHash } = made.container;
    const ended = { ...db!, state: "exited" as const, exitCode: 0, endedAt: 1 };
    const replacement = { ...db!, name, id: "new", specHash, generation: 2 };
    const again = deploy(changed(), { ...before, containers: [ended, replacement, web!] });
    expect(again.steps.find(({ kind }) => kind === "lull")?.after).toEqual([]);
    // And where a visit had brought the old one up again meanwhile.
    const both = deploy(changed(), { ...before, containers: [db!, { ...ended, name, specHash, generation: 2 }, web!] });
    expect(after(both, "start:db")).toContain("stop:db");
    expect(after(both, "stop:db")).toContain("lull");
  });

  test("after a failed replacement the old one starts only when the new one is gone, with time to end", () => {
    const before = running(served, volume);
    const [db, web] = before.containers;
    const stopped = { ...db!, state: "exited" as const, exitCode: 0, ranMs: 60_000 };
    const replacement = { ...db!, name: "shop-pr-42-ab12-db-new", id: "new", specHash: "new", generation: 2 };
    const plan = settle({ ...before, containers: [stopped, replacement, web!] });
    expect(after(plan, "start:db")).toContain("remove:shop-pr-42-ab12-db-new");
    expect(plan.steps.find((step) => step.id === "remove:shop-pr-42-ab12-db-new")).toMatchObject({ graceMs: 10_000 });
  });
});

test.each([
  ["without restart:, after good work (the engine was stopped)", { restart: "no" }, 60_000, true],
  ["without restart:, at once", { restart: "no" }, 500, false],
  ["as a job", { restart: "no", job: true }, 60_000, false],
  ["on-failure, with a port that others are promised", { restart: "on-failure" }, 60_000, true],
  ["on-failure, with none: it is done", { restart: "on-failure", ports: [] }, 60_000, false],
] as const)("what serves and ended with 0 %s is started again: %o, %i ms, %s", (_name, more, ranMs, started) => {
  const [db, web] = served.services;
  const serving = { ...served, services: [db!, { ...web!, ...more, ports: "ports" in more ? [] : web!.ports }] };
  const state = running(serving, volume);
  const ended = { ...state.containers[1]!, state: "exited" as const, exitCode: 0, ranMs };
  expect(ids(settle({ ...state, containers: [state.containers[0]!, ended] }, { serving })).includes("start:web")).toBe(
    started,
  );
});
