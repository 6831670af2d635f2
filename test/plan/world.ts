import { expect } from "vitest";
import { dataKey } from "../../src/domain/naming.ts";
import type { StackSpec } from "../../src/domain/stack.ts";
import type { StackState } from "../../src/domain/stack-state.ts";
import { planDeploy } from "../../src/plan/deploy.ts";
import { formatPlan, type Plan } from "../../src/plan/step.ts";
import { images } from "../support/stack.ts";

export const volume = { name: "shop-pr-42-ab12_pgdata_0001", dataKey: dataKey("pgdata", "sha256:db", "0") };
export const whole = new Set([volume.name]);

export function deploy(
  candidate: StackSpec,
  serving: StackSpec | null,
  state: StackState,
  more: { whole?: Set<string>; images?: typeof images } = {},
) {
  return planDeploy({ candidate, serving, state, images, whole, nonce: "n0nc", drainMs: 30_000, ...more });
}

/** Every step comes after what it waits for, and waits only for steps that are there. */
export function expectOrdered(plan: Plan): void {
  const ids = plan.steps.map((step) => step.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const step of plan.steps) for (const id of step.after) expect(ids).toContain(id);
}

export function after(plan: Plan, id: string): string[] {
  return plan.steps.find((step) => step.id === id)?.after ?? [];
}

/** A plan as a person reads it. */
export function lines(plan: Plan): string[] {
  return formatPlan(plan)
    .split("\n")
    .map((line) => line.replaceAll(/ {2,}/g, " "));
}
