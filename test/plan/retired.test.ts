import { describe, expect, test } from "vitest";
import { branchParts, dataKey } from "../../src/domain/naming.ts";
import type { StackSpec } from "../../src/domain/stack.ts";
import type { ObservedVolume, StackState } from "../../src/domain/stack-state.ts";
import { planDeploy, planSettle } from "../../src/plan/deploy.ts";
import { unrestorable } from "../../src/plan/volumes.ts";
import type { Plan } from "../../src/plan/step.ts";
import { images, running, shop } from "../support/stack.ts";
import { lines } from "./world.ts";

const name = "shop-pr-42-ab12_pgdata_0002";
const old = "shop-pr-42-ab12_pgdata_0001";
const retired = new Set([old]);
const whole = new Set([name, old]);
const withData = (generation: number, data: Partial<StackSpec["volumes"][number]>): StackSpec =>
  shop(generation, { volumes: [{ name: "pgdata", ...data }] });
const serving = { ...withData(2, { edition: "new" }), resolved: { images, volumes: { pgdata: name } } };

/** What serves is on its own volume; beside it there is a branch that it replaced, without its anchor. */
function replaced(): StackState {
  const state = running(serving, { name, dataKey: dataKey("pgdata", "sha256:db", "new") });
  const plain = { createdAt: 0, volume: "", dataKey: "" };
  const { upper, work } = branchParts(old);
  const branch: ObservedVolume = {
    ...plain,
    name: old,
    volume: "pgdata",
    dataKey: dataKey("pgdata", "sha256:db", "old"),
    snapshot: "snapshot_1",
  };
  return { ...state, volumes: [...state.volumes, branch, { ...plain, name: upper }, { ...plain, name: work }] };
}

const settle = (more: object = {}) =>
  planSettle({ serving, state: replaced(), images, whole, nonce: "n", retired, ...more });
const gone = (plan: Plan) => plan.steps.flatMap((step) => (step.kind === "remove-volume" ? [step.name] : []));

describe("replaced data", () => {
  test("stays with its parts while it is kept, and its anchor comes back", () => {
    for (const level of ["awake", "frozen", "stopped"] as const) {
      const plan = settle({ level });
      expect(gone(plan)).toEqual([]);
      expect(plan.steps).toMatchObject([{ kind: "anchor", name: old, isRetired: true }]);
    }
  });

  test.each(["awake", "stopped"] as const)("goes with its parts when its time is over, %s or not", (level) => {
    const { upper, work } = branchParts(old);
    expect(gone(settle({ level, retired: new Set() }))).toEqual([old, upper, work]);
  });

  test("is never taken for what a push asks for, although its key fits", () => {
    const candidate = withData(3, { edition: "old" });
    const plan = planDeploy({ candidate, serving, state: replaced(), images, whole, retired, nonce: "n", drainMs: 0 });
    expect(lines(plan)).toContain("create volume pgdata another image, or a reset");
    expect(gone(plan)).toEqual([]);
  });

  test("comes back by its name: its database is made anew on it, and what served is kept in turn", () => {
    const candidate = withData(3, { edition: "old", choice: { kind: "restore", name: old } });
    const plan = planDeploy({ candidate, serving, state: replaced(), images, whole, retired, nonce: "n", drainMs: 0 });
    expect(lines(plan)).toContain("keep volume pgdata its data of before comes back");
    expect(plan.steps).toContainEqual(expect.objectContaining({ kind: "anchor", id: "anchor:pgdata", name: old }));
    const create = plan.steps.find((step) => step.kind === "create" && step.container.service.name === "db");
    expect(create).toMatchObject({ container: { volumes: { pgdata: old } } });
    expect(plan.steps.find((step) => step.kind === "swap")).toMatchObject({
      retired: [{ name, edition: "new", cause: "`/restore`", replacedBy: 3 }],
      stack: { resolved: { volumes: { pgdata: old } } },
    });
    expect(gone(plan)).toEqual([]);
  });

  test("that another image made does not come back", () => {
    const stack = withData(3, { edition: "old", choice: { kind: "restore", name: old } });
    const moved = { ...images, db: { ...images["db"]!, id: "sha256:other" } };
    expect(unrestorable({ stack, state: replaced(), images, whole })).toEqual([]);
    expect(unrestorable({ stack, state: replaced(), images: moved, whole })).toEqual(["pgdata"]);
  });
});

test("data that serves and was removed by somebody is never replaced by an empty volume", () => {
  const state = running(serving, { name, dataKey: "k" });
  const [db, web] = state.containers;
  const plan = planSettle({ serving, state: { ...state, containers: [web!], volumes: [] }, images, whole, nonce: "n" });
  expect(plan.lostData).toEqual([{ service: "db", volume: "pgdata" }]);
  expect(plan.steps.filter(({ kind }) => ["create-volume", "create", "start"].includes(kind))).toEqual([]);
  const there = planSettle({ serving, state: { ...state, containers: [web!] }, images, whole, nonce: "n" });
  expect(there.lostData).toBeUndefined();
  expect(there.steps.map(({ id }) => id)).toContain(`start:${db!.service}`);
});
