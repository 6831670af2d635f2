import { EngineError } from "../domain/errors.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { ObservedContainer, StackState } from "../domain/stack-state.ts";
import { formatSpan } from "../domain/time.ts";
import { belongsTo } from "../plan/identity.ts";

/** So often a service was started again by the engine when it is said not to stay up. */
const leastRestarts = 3;
/** Who came back and stays so long is up. */
export const steadyMs = 30_000;

/**
 * A service of what serves that does not stay up, although whatever may help was done: it ends each time it is started.
 * `unsteady` while it runs for the moment; null where all stay up.
 */
export function crashOf(serving: StackSpec, state: StackState, nowMs: number): EngineError | "unsteady" | null {
  const staying = serving.services.filter(({ job }) => !job).map(({ name }) => name);
  const own = state.containers.filter(
    (each) => staying.includes(each.service) && belongsTo(each, serving.generation, state),
  );
  const down = own.find((each) => isDown(each));
  if (down !== undefined) return new EngineError("service-exited", tell(down), { service: down.service });
  return own.some((each) => isUnsteady(each, nowMs)) ? "unsteady" : null;
}

function isDown({ state, exitCode, restartCount }: ObservedContainer): boolean {
  if (state === "restarting") return restartCount >= leastRestarts;
  return state === "exited" && exitCode !== 0;
}

function isUnsteady({ state, restartCount, startedAt }: ObservedContainer, nowMs: number): boolean {
  return state === "running" && restartCount >= leastRestarts && nowMs - (startedAt ?? 0) < steadyMs;
}

/** In words that stay the same from one start to the next: each change is an edit of the comment. */
function tell({ service, state, exitCode, ranMs, oomKilled }: ObservedContainer): string {
  const how = oomKilled ? "running out of memory" : `ending with code ${exitCode ?? "unknown"}`;
  if (state === "restarting") return `${service} keeps ${how}`;
  const after = ranMs === null ? "" : ` after ${formatSpan(ranMs)}`;
  return oomKilled
    ? `${service} ran out of memory${after}`
    : `${service} ended with code ${exitCode ?? "unknown"}${after}`;
}
