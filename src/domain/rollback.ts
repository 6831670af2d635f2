import { type Deployment, servingOf } from "./preview.ts";
import type { StackSpec } from "./stack.ts";

/** A deployment that a rollback may run again: it was ready, and its stack is stored. */
export type Earlier = Deployment & { stack: StackSpec };

/**
 * Where a rollback leads from what serves: the newest deployment of another commit that was ready before it, or null.
 * What serves because of a rollback stands where the deployment stood that it runs again, so that the next one leads
 * further back.
 */
export function earlierThan(deployments: readonly Deployment[]): Earlier | null {
  const serving = servingOf(deployments);
  if (serving === null) return null;
  const before = placeOf(serving, deployments);
  const good = deployments.flatMap((each) =>
    each.readyAt !== null && each.stack !== null && each.commit !== serving.commit && each.generation < before
      ? [{ ...each, stack: each.stack }]
      : [],
  );
  return good.toSorted((a, b) => b.generation - a.generation)[0] ?? null;
}

function placeOf({ generation, origin }: Deployment, deployments: readonly Deployment[]): number {
  if (origin == null) return generation;
  const original = deployments.find((each) => each.generation === origin);
  return original && origin < generation ? placeOf(original, deployments) : origin;
}
