import { type Deployment, type PreviewSpec, servingOf } from "./preview.ts";

type Wish = Pick<PreviewSpec, "resetBy">;

/** Whether an attempt at the last reset has failed, and nobody has said it again since: what serves stays. */
export function isResetOver({ resetBy }: Wish, deployments: readonly Deployment[]): boolean {
  const served = servingOf(deployments)?.stack?.dataEpoch;
  // One that a push overtook is due in the next attempt, and is tried there.
  const isTried = deployments.some(({ generation, phase }) => generation >= resetBy && phase === "failed");
  return served !== undefined && served !== resetBy && isTried;
}

/** With which reset a deployment's data is to begin. */
export function dataEpochOf(wish: Wish, deployments: readonly Deployment[]): number {
  const served = servingOf(deployments)?.stack?.dataEpoch;
  return served !== undefined && isResetOver(wish, deployments) ? served : wish.resetBy;
}
