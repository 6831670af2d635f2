import type { Kept, Plan, Step } from "./step.ts";

/** A plan in the making, with the engine names that it uses: whatever else is there is not wanted. */
export type Draft = {
  steps: Step[];
  kept: Kept[];
  /** Services whose containers and images are gone. */
  lost: string[];
  /** Services that ended soon after they began, and how: they would only end again. */
  ended: { service: string; how: string }[];
  /** Services whose data was removed by somebody. */
  lostData: { service: string; volume: string }[];
  containers: Set<string>;
  networks: Set<string>;
  volumes: Set<string>;
};

export function newDraft(): Draft {
  return {
    steps: [],
    kept: [],
    lost: [],
    lostData: [],
    ended: [],
    containers: new Set(),
    networks: new Set(),
    volumes: new Set(),
  };
}

export function hasStep(draft: Draft, id: string): boolean {
  return draft.steps.some((step) => step.id === id);
}

/** The steps that join a service to networks. */
export function joinsOf(draft: Draft, service: string): string[] {
  return draft.steps.filter((step) => step.kind === "join" && step.service === service).map((step) => step.id);
}

/** The finished plan: nobody waits for a step that turned out not to be needed. */
export function finish(draft: Draft): Plan {
  const ids = new Set(draft.steps.map((step) => step.id));
  const steps = draft.steps.map((step) => ({ ...step, after: [...new Set(step.after.filter((id) => ids.has(id)))] }));
  const { kept, lost, lostData, ended } = draft;
  return {
    steps,
    kept,
    ...(lost.length > 0 && { lost }),
    ...(lostData.length > 0 && { lostData }),
    ...(ended.length > 0 && { ended }),
  };
}
