import { describeFailure, EngineError, type Failure } from "../domain/errors.ts";
import type { Preview } from "../domain/preview.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { StackState } from "../domain/stack-state.ts";
import type { Plan } from "../plan/step.ts";
import { crashOf } from "./crashes.ts";
import { explainFailure } from "./explain.ts";
import type { World } from "./world.ts";

type Standing = { preview: Preview; serving: StackSpec; loss: Failure | null; state: StackState };

/** What was lost, or does not stay up; what was told of it stays until it is up for a while. */
export async function tellStanding(
  { preview, serving, loss, state }: Standing,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const crash = loss === null ? crashOf(serving, state, world.clock.now()) : null;
  if (crash === "unsteady") return;
  const why = crash && (await explainFailure(crash, { key: preview.key, stack: serving }, world, signal));
  if (!signal.aborted) tellTrouble(preview, serving, loss ?? why, world);
}

/** Why what serves cannot be kept whole; null where it is. */
export function tellTrouble(preview: Preview, { generation }: StackSpec, failure: Failure | null, world: World): void {
  if (world.attempts.trouble(preview.key, generation, failure)) world.changed(preview.key);
}

/** Data that was removed does not come back, nor a container without its image, nor what ends at once; else null. */
export function lossOf(plan: Plan): Failure | null {
  const [data] = plan.lostData ?? [];
  if (data !== undefined) {
    const what = `the data of ${data.service} is lost: its volume ${data.volume} was removed from this host`;
    return describeFailure(new EngineError("data-lost", what, { service: data.service }));
  }
  const [lost] = plan.lost ?? [];
  if (lost === undefined) return endOf(plan);
  const what = `${lost} cannot be started: its container and its image were removed from this host`;
  return describeFailure(
    new EngineError("image-unavailable", what, { service: lost, hint: "`/redeploy` makes both again." }),
  );
}

/** Null where nothing ended for good. */
function endOf({ ended: [ended] = [] }: Plan): Failure | null {
  if (ended === undefined) return null;
  const { service, how } = ended;
  const what = `${service} is down: ${how}, soon after it was started, and would only end again`;
  const hint = "Its log tells why. `/redeploy` starts it anew, `/rollback` returns to the version before.";
  return describeFailure(new EngineError("service-exited", what, { service, hint }));
}
