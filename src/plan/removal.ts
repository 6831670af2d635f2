import { branchParts } from "../domain/naming.ts";
import type { ObservedContainer, StackState } from "../domain/stack-state.ts";
import { type Draft, finish, newDraft } from "./draft.ts";
import type { Plan } from "./step.ts";

export type RemovalOptions = {
  state: StackState;
  cause: string;
  /** Steps that must be over first. */
  after: string[];
  /** How long a container may take to end by itself; 0 kills it. */
  graceMs: number;
};

/** Adds the steps that remove whatever the draft does not use: containers, then networks and volumes they held. */
export function planRemoval(draft: Draft, { state, cause, after, graceMs }: RemovalOptions): void {
  const parts = partsOf(draft.volumes);
  const extra = state.containers.filter(({ name }) => !draft.containers.has(name) && !parts.anchors.has(name));
  for (const container of extra) {
    // What runs on a data branch goes before the anchor that holds its parts.
    const users = isAnchor(container) ? extra.filter((each) => !isAnchor(each) && shareVolume(each, container)) : [];
    draft.steps.push({
      kind: "remove",
      id: `remove:${container.name}`,
      cause,
      after: [...after, ...removals(users)],
      container: container.name,
      service: container.service,
      graceMs,
    });
  }
  for (const network of state.networks.filter((each) => !draft.networks.has(each.name))) {
    const inside = state.containers.filter((container) => network.name in container.addresses);
    const leaving = inside.filter((container) => draft.containers.has(container.name));
    // Who goes may still say farewell to a database that stays.
    const gone = [...after, ...removals(extra.filter((each) => inside.includes(each)))];
    for (const container of leaving) {
      draft.steps.push({
        kind: "leave",
        id: `leave:${container.name}:${network.name}`,
        cause,
        after: gone,
        container: container.name,
        service: container.service,
        network: network.name,
      });
    }
    draft.steps.push({
      kind: "remove-network",
      id: `remove-network:${network.name}`,
      cause,
      after: [...gone, ...leaving.map((each) => `leave:${each.name}:${network.name}`)],
      name: network.name,
    });
  }
  for (const volume of state.volumes.filter(({ name }) => !draft.volumes.has(name) && !parts.volumes.has(name))) {
    const holders = state.containers.filter((container) => container.volumes.includes(volume.name));
    // One that is made again under its name lets go of its volume then.
    const remade = holders.filter((each) => draft.containers.has(each.name)).map((each) => `create:${each.service}`);
    draft.steps.push({
      kind: "remove-volume",
      id: `remove-volume:${volume.name}`,
      cause,
      after: [...after, ...removals(holders), ...remade],
      name: volume.name,
    });
  }
}

/** Everything of a preview goes; nothing of it is worth a farewell. */
export function planTeardown(state: StackState, cause: string): Plan {
  const draft = newDraft();
  planRemoval(draft, { state, cause, after: [], graceMs: 0 });
  return finish(draft);
}

/** What belongs to the data branches among these volumes, by their names on the engine. */
export function partsOf(volumes: ReadonlySet<string>): { anchors: Set<string>; volumes: Set<string> } {
  const parts = [...volumes].map(branchParts);
  return {
    anchors: new Set(parts.map(({ anchor }) => anchor)),
    volumes: new Set(parts.flatMap(({ upper, work }) => [upper, work])),
  };
}

/** Only an anchor mounts what lies under a data branch. */
function isAnchor({ name, volumes }: ObservedContainer): boolean {
  return volumes.some((volume) => branchParts(volume).anchor === name);
}

function shareVolume(one: ObservedContainer, other: ObservedContainer): boolean {
  return one.volumes.some((volume) => other.volumes.includes(volume));
}

function removals(containers: readonly ObservedContainer[]): string[] {
  return containers.map((container) => `remove:${container.name}`);
}
