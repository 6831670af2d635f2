import { describe, expect, test } from "vitest";
import { branchParts, dataKey } from "../../src/domain/naming.ts";
import type { ServiceSpec } from "../../src/domain/service.ts";
import type { Snapshot, StackSpec } from "../../src/domain/stack.ts";
import type { StackState } from "../../src/domain/stack-state.ts";
import { planDeploy, planSettle } from "../../src/plan/deploy.ts";
import { planTeardown } from "../../src/plan/removal.ts";
import { wishSnapshots } from "../../src/plan/snapshots.ts";
import { formatPlan, type Plan } from "../../src/plan/step.ts";
import { images, nothing, running, shop, sqlFiles } from "../support/stack.ts";

const seed = { service: "db", volume: "pgdata", parts: sqlFiles("db/seed.sql"), content: "0d2f11aa99" };
const seeded = (generation: number, more: Partial<StackSpec> = {}) => shop(generation, { seeds: [seed], ...more });
const snapshot: Snapshot = {
  key: "3f2a91bc77",
  volume: "mayfly-snapshot-ab12-3f2a91bc-0001",
  seed: seed.content,
  root: { uid: 999, gid: 999, mode: 0o700 },
};
const snapshots = { pgdata: snapshot };
const name = "shop-pr-42-ab12_pgdata_0001";
const parts = branchParts(name);
const key = dataKey("pgdata", "sha256:db", "0");
const whole = new Set([name]);

/** The stack runs on a data branch, with all that belongs to it. */
function branched(stack: StackSpec): StackState {
  const state = running(stack, { name, dataKey: key });
  const [volume] = state.volumes;
  const anchor = {
    ...state.containers[0]!,
    name: parts.anchor,
    id: "anchor",
    service: "",
    specHash: "",
    state: "created" as const,
    addresses: {},
    volumes: [snapshot.volume, parts.upper, parts.work, name],
  };
  const part = (each: string) => ({ name: each, volume: "", dataKey: "", createdAt: 0 });
  return {
    ...state,
    containers: [...state.containers, anchor],
    volumes: [{ ...volume!, snapshot: snapshot.volume }, part(parts.upper), part(parts.work)],
  };
}

const without = (state: StackState, container: string): StackState => ({
  ...state,
  containers: state.containers.filter((each) => each.name !== container),
});
const deploy = (candidate: StackSpec, serving: StackSpec | null, state: StackState) =>
  planDeploy({ candidate, serving, state, images, whole, snapshots, nonce: "n0nc", drainMs: 30_000 });
const lines = (plan: Plan) =>
  formatPlan(plan)
    .split("\n")
    .map((line) => line.replaceAll(/ {2,}/g, " "));
const after = (plan: Plan, id: string) => plan.steps.find((step) => step.id === id)?.after;

describe("a data branch", () => {
  test("takes the place of an empty volume and its seed, before the service is made", () => {
    const plan = deploy(seeded(1), null, nothing);
    expect(lines(plan)).toContain("branch db no data yet: from snapshot 3f2a91bc (seed 0d2f11aa)");
    expect(lines(plan).filter((line) => /^(seed|complete|create volume)/.test(line))).toEqual([]);
    expect(after(plan, "create:db")).toContain("branch:pgdata");
    expect(after(plan, "start:web")).toContain("await:db");
  });

  test("whose snapshot is not there yet has it built first, and the plan says so", () => {
    const plan = { ...deploy(seeded(1), null, nothing), missing: [{ make: "snapshot" as const, service: "db" }] };
    expect(lines(plan)[0]).toBe("snapshot db its seed was not loaded on this host yet");
  });

  test("is not needed where its snapshot is not: the seed goes into the preview's own volume", () => {
    const plan = planDeploy({
      candidate: seeded(1),
      serving: null,
      state: nothing,
      images,
      whole,
      nonce: "n",
      drainMs: 0,
    });
    expect(lines(plan)).toContain("create volume pgdata no data yet");
    expect(lines(plan)).toContain("seed db new data, from db/seed.sql");
  });

  test.each([
    ["a push", seeded(2)],
    ["a push that changes the seed", seeded(2, { seeds: [{ ...seed, content: "other" }] })],
  ])("is kept with its parts by %s", (_what, candidate) => {
    const plan = deploy(candidate, seeded(1), branched(seeded(1)));
    expect(lines(plan)).toContain("keep volume pgdata its data stays");
    const touched = plan.steps.filter((step) => ["branch", "anchor", "remove-volume", "stop"].includes(step.kind));
    expect(touched).toEqual([]);
    expect(plan.steps.filter((step) => step.kind === "remove").map((step) => step.id)).toEqual([
      "remove:shop-pr-42-ab12-web-g1",
    ]);
  });

  test("is made anew by a reset, beside the old one, which is kept with its parts when its database goes", () => {
    const serving = { ...seeded(1), resolved: { images, volumes: { pgdata: name } } };
    const plan = deploy(seeded(2, { dataEpoch: 1 }), serving, branched(serving));
    expect(lines(plan)).toContain("branch db another image, or a reset: from snapshot 3f2a91bc (seed 0d2f11aa)");
    const old = running(serving, { name, dataKey: key }).containers[0]!.name;
    expect(after(plan, `remove:${old}`)).toEqual(["drain"]);
    const gone = plan.steps.flatMap((step) => (step.kind === "remove-volume" ? [step.name] : []));
    expect([after(plan, `remove:${parts.anchor}`), gone]).toEqual([undefined, []]);
    expect(plan.steps.find((step) => step.kind === "swap")?.retired).toEqual([
      {
        name,
        volume: "pgdata",
        service: "db",
        image: "postgres:17",
        edition: null,
        cause: "another image",
        replacedBy: 2,
      },
    ]);
  });

  test("whose anchor was pruned gets it back, whether it serves or is deployed again", () => {
    const state = without(branched(seeded(1)), parts.anchor);
    const settled = planSettle({ serving: seeded(1), state, images, whole, nonce: "n" });
    expect(lines(settled)).toContain("anchor volume pgdata nothing else keeps its snapshot from being removed");
    const step = deploy(seeded(2), seeded(1), state).steps.find(({ kind }) => kind === "anchor");
    expect(step).toMatchObject({ name, snapshotVolume: snapshot.volume });
    expect(
      settled.steps.filter(({ kind }) => kind === "remove-volume"),
      "its parts are not taken for leftovers",
    ).toEqual([]);
  });

  test("that is whole needs nothing", () => {
    const state = branched(seeded(1));
    expect(planSettle({ serving: seeded(1), state, images, whole, nonce: "n" }).steps).toEqual([]);
  });

  test("that was interrupted goes with its parts, and another is made", () => {
    const interrupted = branched(seeded(1));
    const state = { ...interrupted, containers: interrupted.containers.filter((each) => each.name === parts.anchor) };
    const plan = planDeploy({
      candidate: seeded(1),
      serving: null,
      state,
      images,
      whole: new Set(),
      snapshots,
      nonce: "n0nc",
      drainMs: 0,
    });
    expect(lines(plan)).toContain("branch db its data was never whole: from snapshot 3f2a91bc (seed 0d2f11aa)");
    expect(plan.steps.flatMap((step) => (step.kind === "remove-volume" ? [step.name] : []))).toEqual([
      name,
      parts.upper,
      parts.work,
    ]);
    expect(plan.steps.map(({ id }) => id)).toContain(`remove:${parts.anchor}`);
  });

  test("goes with its preview: the database, then the anchor, then the volumes", () => {
    const state = branched(seeded(1));
    const plan = planTeardown(state, "merged");
    const db = state.containers[0]!.name;
    expect(after(plan, `remove:${parts.anchor}`)).toEqual([`remove:${db}`]);
    expect(after(plan, `remove-volume:${name}`)).toEqual([`remove:${db}`, `remove:${parts.anchor}`]);
    expect(plan.steps.filter(({ kind }) => kind === "remove-volume")).toHaveLength(3);
  });
});

describe("which snapshot", () => {
  const keyOf = (stack: StackSpec, more: { image?: string; repositoryId?: number; number?: number } = {}) => {
    const db = { ...images["db"]!, ...(more.image !== undefined && { id: more.image }) };
    const input = { stack, state: nothing, images: { ...images, db }, whole: new Set<string>() };
    // As a preview asks for it, with all that it is beside.
    const preview = { repositoryId: more.repositoryId ?? 7, number: more.number ?? 1 };
    return wishSnapshots(input, preview)[0]?.key;
  };
  const withDb = (more: Partial<ServiceSpec>): StackSpec => {
    const stack = seeded(1);
    return { ...stack, services: stack.services.map((each) => (each.name === "db" ? { ...each, ...more } : each)) };
  };

  test.each<[string, string | undefined]>([
    [
      "another generation, commit or pull request",
      keyOf(seeded(9, { slug: "shop-pr-43", project: "shop-pr-43-ab12" })),
    ],
    ["who asks", keyOf(seeded(1), { number: 2 })],
    ["a reset", keyOf(seeded(1, { dataEpoch: 3 }))],
    ["its health check", keyOf(withDb({ healthcheck: "none" }))],
    ["the other services", keyOf({ ...seeded(1), services: [seeded(1).services[0]!] })],
  ])("does not depend on %s", (_what, other) => {
    expect(other).toBe(keyOf(seeded(1)));
  });

  test.each<[string, string | undefined]>([
    ["what the seed files hold", keyOf(seeded(1, { seeds: [{ ...seed, content: "77aa" }] }))],
    ["the image", keyOf(seeded(1), { image: "sha256:other" })],
    ["the repository", keyOf(seeded(1), { repositoryId: 8 })],
    ["trust: a fork's is never the team's", keyOf(seeded(1, { trust: "fork" }))],
    ["the environment that init reads", keyOf(withDb({ environment: { POSTGRES_DB: "other" } }))],
    ["the command", keyOf(withDb({ command: ["postgres", "-c", "wal_level=logical"] }))],
    [
      "where the volume is mounted",
      keyOf(
        withDb({
          mounts: [
            { kind: "volume", volume: "pgdata", target: "/data", readOnly: false },
            { kind: "tmpfs", target: "/var/lib/postgresql/data", sizeBytes: null },
          ],
        }),
      ),
    ],
  ])("depends on %s", (_what, other) => {
    expect(other).toBeDefined();
    expect(other).not.toBe(keyOf(seeded(1)));
  });

  test.each<[string, StackSpec]>([
    ["waits for another service", withDb({ dependsOn: [{ service: "web", condition: "healthy", required: true }] })],
    [
      "keeps data in two volumes",
      withDb({
        mounts: [
          { kind: "volume", volume: "pgdata", target: "/var/lib/postgresql/data", readOnly: false },
          { kind: "volume", volume: "spaces", target: "/spaces", readOnly: false },
        ],
      }),
    ],
    [
      "has a volume of the image that the stack does not name",
      withDb({ mounts: [{ kind: "volume", volume: "pgdata", target: "/d", readOnly: false }] }),
    ],
    ["is given a secret", withDb({ secrets: ["DB_PASSWORD"] })],
    [
      "was rendered but not prepared",
      seeded(1, { seeds: [{ service: "db", volume: "pgdata", parts: sqlFiles("a.sql") }] }),
    ],
  ])("none where the service %s: it is seeded in its place", (_what, stack) => {
    expect(keyOf(stack)).toBeUndefined();
  });

  test("one for files that only lie in it, whatever else its service needs, and none of that is in its key", () => {
    const parts = [{ kind: "folder" as const, path: "uploads" }];
    const stack = (more: Partial<ServiceSpec>) => ({ ...withDb(more), seeds: [{ ...seed, parts }] });
    const waits = stack({ secrets: ["A"], dependsOn: [{ service: "web", condition: "healthy", required: true }] });
    expect(keyOf(waits)).toBeDefined();
    expect(keyOf(waits)).toBe(keyOf(stack({ environment: { A: "b" } })));
    expect(keyOf(waits)).not.toBe(keyOf(waits, { image: "sha256:other" }));
  });

  test("one for a program once its image is there, by that image and what it is given but secrets", () => {
    const parts = [{ kind: "run" as const, service: "web", command: ["npm", "run", "seed"] }];
    const withWeb = (more: Partial<ServiceSpec>) => {
      const stack = seeded(1, { seeds: [{ ...seed, parts }] });
      return { ...stack, services: stack.services.map((each) => (each.name === "web" ? { ...each, ...more } : each)) };
    };
    const wishOf = (stack: StackSpec, web: string | null = "sha256:web") => {
      const found = { ...images, ...(web !== null && { web: { id: web, ports: [], volumes: [] } }) };
      if (web === null) delete (found as Record<string, unknown>)["web"];
      return wishSnapshots({ stack, state: nothing, images: found, whole: new Set() }, { repositoryId: 7 })[0];
    };
    const environment = { NODE_ENV: "test", STRIPE: "${secret:STRIPE}" };
    const plain = wishOf(withWeb({ environment, secrets: ["STRIPE"] }));
    expect(plain?.programs).toMatchObject({
      web: { withoutSecrets: ["STRIPE"], service: { environment: { NODE_ENV: "test" }, secrets: [] } },
    });
    expect(wishOf(withWeb({ environment: { NODE_ENV: "test" } }))?.key).toBe(plain?.key);
    expect(wishOf(withWeb({ environment: { NODE_ENV: "dev" } }))?.key).not.toBe(plain?.key);
    expect(wishOf(withWeb({ environment }), "sha256:newer")?.key).not.toBe(plain?.key);
    expect(wishOf(withWeb({}), null), "its image is being built").toBeUndefined();
    const bound = [{ kind: "files" as const, path: "src", target: "/app", readOnly: false }];
    expect(wishOf(withWeb({ mounts: bound })), "it needs files of the repository").toBeUndefined();
  });

  test("none while the data is there already", () => {
    const state = branched(seeded(1));
    expect(wishSnapshots({ stack: seeded(2), state, images, whole }, { repositoryId: 7 })).toEqual([]);
  });
});
