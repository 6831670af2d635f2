import type { StackState } from "../domain/stack-state.ts";
import type { Draft } from "./draft.ts";
import type { Step } from "./step.ts";

/**
 * Two servers on the same files would destroy them, and two containers cannot have one address: none starts, or joins a
 * network, before a leftover that has what it needs is gone.
 */
export function waitForRemovals(draft: Draft, state: StackState): void {
  const leaving = draft.steps.filter((step) => step.kind === "remove").filter((step) => step.after.length === 0);
  for (const step of draft.steps) {
    if (step.kind !== "start" && step.kind !== "join") continue;
    const data = step.kind === "start" ? dataOf(step.container, draft, state) : [];
    const places = placesOf(step, draft);
    for (const each of leaving) {
      const present = state.containers.find(({ name }) => name === each.container);
      const held = [...dataOf(each.container, draft, state), ...Object.keys(present?.addresses ?? {})];
      if (held.some((name) => data.includes(name) || places.includes(name))) step.after.push(each.id);
    }
  }
}

/** The networks in which a step takes an address of its own. */
function placesOf(step: Extract<Step, { kind: "start" | "join" }>, draft: Draft): string[] {
  const made = draft.steps.find((each) => each.kind === "create" && each.container.name === step.container);
  const attachments =
    step.kind === "join" ? [step.attachment] : made?.kind === "create" ? made.container.attachments : [];
  return attachments.flatMap(({ network, index }) => (index === null ? [] : [network]));
}

function dataOf(container: string, draft: Draft, state: StackState): string[] {
  const made = draft.steps.find((step) => step.kind === "create" && step.container.name === container);
  if (made?.kind === "create") return Object.values(made.container.volumes);
  return state.containers.find((each) => each.name === container)?.volumes ?? [];
}
