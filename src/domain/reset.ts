import { type Deployment, type PreviewSpec, servingOf } from "./preview.ts";

/** With which reset a deployment's data is to begin: one that an attempt has failed at is over, and what serves stays. */
export function dataEpochOf({ resetBy }: Pick<PreviewSpec, "resetBy">, deployments: readonly Deployment[]): number {
  const served = servingOf(deployments)?.stack?.dataEpoch;
  // One that a push overtook is due in the next attempt, and is tried there.
  const isTried = deployments.some(({ generation, phase }) => generation >= resetBy && phase === "failed");
  return served !== undefined && isTried ? served : resetBy;
}
