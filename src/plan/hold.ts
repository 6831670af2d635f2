import type { StackSpec } from "../domain/stack.ts";
import type { StackState } from "../domain/stack-state.ts";
import type { Draft } from "./draft.ts";
import { isUsable } from "./identity.ts";
import type { Step } from "./step.ts";

/**
 * Requests wait at the gateway while a service is replaced on its data: what serves would answer them without its
 * database. All that does not need the replacement is made, and ready, before; the swap lets them go on.
 */
export function planHold(draft: Draft, state: StackState, held: { serving: StackSpec; timeoutMs: number }): void {
  const stops = draft.steps.filter(({ kind }) => kind === "stop");
  if (stops.length === 0 && !isHalfReplaced(draft, state)) return;
  const later = needing(stops, draft.steps);
  draft.steps.push({
    kind: "lull",
    id: "lull",
    cause: "requests wait while a service is replaced on its data",
    after: stops.length === 0 ? [] : draft.steps.flatMap(({ id }) => (later.has(id) ? [] : [id])),
    stack: held.serving,
    // Sockets and streams are of the version that serves; they have the drain's time.
    cut: false,
    timeoutMs: held.timeoutMs,
  });
  for (const stop of stops) stop.after.push("lull");
}

/** An earlier run of this attempt was ended between the stop of the one and the swap to the other. */
function isHalfReplaced(draft: Draft, { containers }: StackState): boolean {
  const present = containers.filter(isUsable);
  const kept = present.filter(({ name }) => draft.containers.has(name));
  return present.some(
    (each) =>
      !draft.containers.has(each.name) &&
      kept.some(({ service, volumes }) => service === each.service && volumes.some((it) => each.volumes.includes(it))),
  );
}

/** The steps that come after one of these, whatever is in between, and these themselves. */
function needing(from: readonly Step[], steps: readonly Step[]): Set<string> {
  const found = new Set(from.map(({ id }) => id));
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const { id, after } of steps) if (after.some((each) => found.has(each))) found.add(id);
  }
  return found;
}
