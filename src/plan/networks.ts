import { dataNetworkName, networkName } from "../domain/naming.ts";
import type { NetworkSpec, StackSpec, Trust } from "../domain/stack.ts";
import type { ObservedNetwork, StackState } from "../domain/stack-state.ts";
import { type Draft, finish, newDraft } from "./draft.ts";
import { addressesOf } from "./seeding.ts";
import type { Plan } from "./step.ts";

/** What decides which networks a generation has, as far as it is known. */
export type NetworkWish = {
  project: string;
  generation: number;
  networks: readonly NetworkSpec[];
  /** That of services which keep data and use one another. */
  data?: NetworkSpec | null;
  /** Containers that find room in each. */
  addresses: number;
};

/** In place of a generation: it lives as long as the preview. */
export const lasting = 0;
/** Holds any stack of up to 13 services. */
const smallAddresses = 13;

/**
 * The networks that a deployment will most likely need, to be made while its commit is fetched and read: those of what
 * serves, or the one that a Compose file without networks has. A wrong guess is made good by the plan.
 */
export function planGround(
  preview: Pick<NetworkWish, "project" | "generation"> & { trust: Trust },
  serving: StackSpec | null,
  state: StackState,
): Plan {
  const draft = newDraft();
  const networks = serving?.networks ?? [{ name: "default", internal: preview.trust === "fork" }];
  const { project, generation } = preview;
  const addresses = serving ? addressesOf(serving) : smallAddresses;
  planNetworks({ project, generation, networks, addresses }, state, draft);
  return finish(draft);
}

/** What a stack's networks must be. */
export function networkWish(stack: StackSpec, data: NetworkSpec | null): NetworkWish {
  const { project, generation, networks } = stack;
  return { project, generation, networks, data, addresses: addressesOf(stack) };
}

/** Adds the steps that make the networks which are missing: those of its generation, and the lasting one. */
export function planNetworks(wish: NetworkWish, state: StackState, draft: Draft): void {
  const { project, generation, addresses } = wish;
  if (wish.data) planLasting(dataNetworkName(project), wish.data, { state, draft, addresses });
  for (const network of wish.networks) {
    const name = networkName(project, generation, network.name);
    draft.networks.add(name);
    const there = state.networks.find((each) => each.name === name);
    if (there && fits(there, network, addresses)) continue;
    const id = `create-network:${name}`;
    const made = { kind: "create-network" as const, id, name, network, generation, addresses };
    if (!there) {
      draft.steps.push({ ...made, cause: "new generation", after: [] });
      continue;
    }
    const cause = "made for another stack than this one turned out to be";
    const removal = `remove-network:${name}`;
    draft.steps.push({ kind: "remove-network", id: removal, cause, after: [], name });
    draft.steps.push({ ...made, cause, after: [removal] });
  }
}

/** Who is in it is connected through it: where it no longer fits, it is made again later, and not here. */
function planLasting(
  name: string,
  network: NetworkSpec,
  { state, draft, addresses }: { state: StackState; draft: Draft; addresses: number },
): void {
  draft.networks.add(name);
  if (state.networks.some((each) => each.name === name)) return;
  const made = { kind: "create-network" as const, id: `create-network:${name}`, name, network, addresses };
  draft.steps.push({ ...made, generation: lasting, cause: "it outlives each generation", after: [] });
}

/** Whether one that is there will do. One that leads nowhere may be so by the operator's wish. */
export function fits({ subnet, internal }: ObservedNetwork, network: NetworkSpec, addresses: number): boolean {
  return !isTooSmall(subnet, addresses) && (internal || !network.internal);
}

/** Network, gateway and broadcast take three addresses of a subnet; one that is not told is not. */
function isTooSmall(subnet: string, addresses: number): boolean {
  return 2 ** (32 - Number(subnet.split("/")[1])) - 3 < addresses;
}
