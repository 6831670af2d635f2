import { describe, expect, test } from "vitest";
import type { ObservedContainer, StackState } from "../../src/domain/stack-state.ts";
import { planSettle } from "../../src/plan/deploy.ts";
import type { Plan } from "../../src/plan/step.ts";
import { images, nothing, running, shop } from "../support/stack.ts";
import { after, deploy, expectOrdered, volume, whole } from "./world.ts";

const [g1, g2, g3] = [1, 2, 3].map((n) => `shop-pr-42-ab12_g${n}_default`) as [string, string, string];
const awaited = (plan: Plan) => plan.steps.flatMap((step) => (step.kind === "await" ? [step.readiness] : []))[0];
const joined = (plan: Plan) => plan.steps.flatMap((step) => (step.kind === "join" ? [step.attachment.network] : []));

/** The first generation serves; its database is changed like this. */
const served = (change: (db: ObservedContainer) => Partial<ObservedContainer>): StackState => {
  const state = running(shop(1), volume);
  const [db, web] = state.containers as [ObservedContainer, ObservedContainer];
  const networks = [...state.networks, { ...state.networks[0]!, name: g2, generation: 2 }];
  return { ...state, networks, containers: [{ ...db, ...change(db) }, web] };
};
const joinedTo = (...names: string[]) => ({ addresses: Object.fromEntries(names.map((name) => [name, "10.213.0.2"])) });

describe("a database has as many addresses as Compose gives it while its health is asked", () => {
  test("a new one is made in its networks, and outlives them by its home", () => {
    const plan = deploy(shop(1), null, nothing, { whole: new Set() });
    const [create] = plan.steps.flatMap((step) => (step.kind === "create" ? [step.container] : []));
    expect(create).toMatchObject({ attachments: [{ network: g1, index: 0 }], hasHome: true });
    expect(joined(plan)).toEqual([]);
    expect(plan.steps.find(({ id }) => id === "start:db")).toMatchObject({ hasHome: true });
    expect(plan.steps.find(({ id }) => id === "start:web")).not.toHaveProperty("hasHome");
  });

  test.each(["running", "paused", "exited"] as const)(
    "on a push one that is %s is asked where it serves, joins when it is ready, and is used then",
    (state) => {
      const plan = deploy(
        shop(2),
        shop(1),
        served(() => ({ state, exitCode: 0, ranMs: 60_000 })),
      );
      expectOrdered(plan);
      expect(awaited(plan)).toMatchObject({ network: g1 });
      expect(awaited(plan)).not.toHaveProperty("hadPassed");
      expect(after(plan, "await:db").filter((id) => id.startsWith("join"))).toEqual([]);
      expect(after(plan, `join:db:${g2}`)).toEqual(["await:db"]);
      expect(after(plan, "start:web")).toContain(`join:db:${g2}`);
    },
  );

  test("after a kill in between, having joined tells that it was ready", () => {
    const plan = deploy(
      shop(2),
      shop(1),
      served(() => joinedTo(g1, g2)),
    );
    expect(awaited(plan)).toMatchObject({ network: g2, hadPassed: true });
    expect(joined(plan)).toEqual([]);
  });

  test("what it joined for an overtaken attempt tells nothing, and is left at once", () => {
    const plan = deploy(
      shop(3),
      shop(1),
      served(() => joinedTo(g1, g2)),
    );
    expect(awaited(plan)).not.toHaveProperty("hadPassed");
    expect(joined(plan)).toEqual([g3]);
    expect(plan.steps.find((step) => step.kind === "leave" && step.network === g2)?.after).toEqual([]);
  });

  test("one that serves nobody yet joins before it is asked", () => {
    const plan = deploy(
      shop(2),
      null,
      served(() => ({})),
    );
    expect(after(plan, "await:db")).toContain(`join:db:${g2}`);
    expect(awaited(plan)).toMatchObject({ network: g2 });
  });

  test("one that replaces another on its data serves the old generation when it is ready, also after a kill", () => {
    const candidate = shop(2);
    candidate.services[0] = { ...candidate.services[0]!, command: ["postgres", "-c", "work_mem=8MB"] };
    const plan = deploy(
      candidate,
      shop(1),
      served(() => ({})),
    );
    expectOrdered(plan);
    expect(after(plan, `join:db:${g1}`)).toEqual(["await:db", "create:db"]);
    expect(after(plan, "probe")).toContain(`join:db:${g1}`);

    const made = plan.steps.flatMap((step) => (step.kind === "create" ? [step.container] : []))[0]!;
    const state = served(() => ({ state: "exited" }));
    const replacement = { ...state.containers[0]!, ...made, state: "running" as const, volumes: [volume.name] };
    const again = (names: string[]) =>
      deploy(candidate, shop(1), {
        ...state,
        containers: [...state.containers, { ...replacement, service: "db", ...joinedTo(...names) }],
      });
    expect(joined(again([g2]))).toEqual([g1]);
    expect(awaited(again([g2]))).not.toHaveProperty("hadPassed");
    expect(joined(again([g2, g1]))).toEqual([]);
    expect(awaited(again([g2, g1]))).toHaveProperty("hadPassed");
  });

  test("it starts again only when the networks that it remembers are there again", () => {
    const state = served(() => ({ state: "exited", exitCode: 137 }));
    const plan = planSettle({ serving: shop(1), state: { ...state, networks: [] }, images, whole, nonce: "n" });
    expect(after(plan, "start:db")).toEqual([`create-network:${g1}`]);
    expect(plan.steps.find(({ id }) => id === "start:db")).toMatchObject({ hasHome: true });
  });

  test("one that a failed attempt made in the place of a missing one is taken for it", () => {
    const state = served(() => ({ generation: 2, ...joinedTo(g2) }));
    const plan = planSettle({ serving: shop(1), state, images, whole, nonce: "n" });
    expect(plan.steps.map(({ kind }) => kind)).toEqual(["join", "leave", "remove-network"]);
  });
});
