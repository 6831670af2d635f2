import { expect, test } from "vitest";
import { planDeploy, planSettle } from "../../src/plan/deploy.ts";
import { dataKey } from "../../src/domain/naming.ts";
import type { StackSpec } from "../../src/domain/stack.ts";
import type { StackState } from "../../src/domain/stack-state.ts";
import { containerHash } from "../../src/plan/identity.ts";
import { images, running, shop } from "../support/stack.ts";

const volume = { name: "shop_pgdata_1", dataKey: dataKey("pgdata", "sha256:db", "0") };

/** The shop whose database is given a secret. */
function withSecret(generation: number) {
  const stack = shop(generation);
  const [db, web] = stack.services;
  if (!db || !web) throw new Error("the shop has two services");
  const given = { ...db, secrets: ["PASSWORD"], environment: { POSTGRES_PASSWORD: "${secret:PASSWORD}" } };
  return { ...stack, services: [given, web] };
}

/** As the engine tells it: made with these values. */
function withHash(state: StackState, secrets: Record<string, string>, { services }: StackSpec): StackState {
  const containers = state.containers.map((each) => {
    const service = services.find(({ name }) => name === each.service)!;
    const volumes: Record<string, string> = service.name === "db" ? { pgdata: volume.name } : {};
    return { ...each, specHash: containerHash(service, images[service.name]?.id ?? "", volumes, { secrets }) };
  });
  return { ...state, containers };
}

function plan(secrets: Record<string, string>) {
  const serving = {
    ...withSecret(1),
    resolved: { images, volumes: { pgdata: volume.name }, secrets: { PASSWORD: "one" } },
  };
  const state = withHash(running(serving, volume), { PASSWORD: "one" }, serving);
  const whole = new Set([volume.name]);
  const candidate = withSecret(2);
  return planDeploy({ candidate, serving, state, images, whole, secrets, nonce: "n", drainMs: 30_000 });
}

test("a kept service whose secret has the same value stays, one whose secret changed is made again on its data", () => {
  expect(plan({ PASSWORD: "one" }).steps.map((step) => step.id)).not.toContain("create:db");
  const kinds = plan({ PASSWORD: "two" }).steps.map((step) => step.id);
  expect(kinds).toEqual(expect.arrayContaining(["create:db", "stop:db", "start:db"]));
});

test("a plan and what it stores hold a secret's name, and no value", () => {
  const made = plan({ PASSWORD: "two" });
  const swap = made.steps.find((step) => step.kind === "swap");
  expect(swap?.kind === "swap" && swap.stack.resolved.secrets).toEqual({ PASSWORD: "two" });
  expect(JSON.stringify(made)).toContain("${secret:PASSWORD}");
});

test("what serves is kept whole with the value it took over with", () => {
  const serving = {
    ...withSecret(1),
    resolved: { images, volumes: { pgdata: volume.name }, secrets: { PASSWORD: "one" } },
  };
  const state = { ...running(serving, volume), containers: [] };
  const given = { serving, state, images, whole: new Set([volume.name]), nonce: "n" };
  const hashOf = (secrets: Record<string, string>) =>
    planSettle({ ...given, secrets }).steps.flatMap((step) =>
      step.kind === "create" && step.container.service.name === "db" ? [step.container.specHash] : [],
    )[0];
  expect(hashOf({ PASSWORD: "one" })).not.toBe(hashOf({ PASSWORD: "two" }));
  expect(hashOf({ PASSWORD: "one" })).toMatch(/^[0-9a-f]{64}$/);
});
