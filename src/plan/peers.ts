import { dataNetworkName } from "../domain/naming.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { NetworkSpec, ResolvedImage, StackSpec } from "../domain/stack.ts";
import type { ObservedContainer, StackState } from "../domain/stack-state.ts";
import { type Draft, hasStep } from "./draft.ts";
import { isKept } from "./identity.ts";
import { fits, lasting } from "./networks.ts";
import { addressesOf } from "./seeding.ts";
import type { Attachment } from "./step.ts";

type Input = {
  stack: StackSpec;
  images: Readonly<Record<string, ResolvedImage>>;
  state: StackState;
};

/**
 * The network of the services that keep data and use one another; null where there are none. It lives as long as the
 * preview, for connections between them: those in a generation's networks hang, without an end, once that is gone.
 */
export function dataNetworkOf({ stack, images }: Pick<Input, "stack" | "images">): NetworkSpec | null {
  const peers = peersOf(stack, images);
  if (peers.length === 0) return null;
  const isOpen = (name: string) => stack.networks.some((each) => each.name === name && !each.internal);
  // Nobody gets a way out by it who has none.
  const isSealed = peers.some(({ networks }) => !networks.some(({ network }) => isOpen(network)));
  return { name: "data", internal: isSealed || stack.trust === "fork" };
}

/**
 * Whether the network is there, and does not fit any more: a push took the way out from who is in it, or brought more
 * than it has room for. Nobody new comes in, and it is made again once what served is gone, which uses it until then.
 */
export function isOutgrown({ stack, images, state }: Input): boolean {
  const network = dataNetworkOf({ stack, images });
  const there = state.networks.find(({ name }) => name === dataNetworkName(stack.project));
  return network !== null && there !== undefined && !fits(there, network, peersOf(stack, images).length);
}

/**
 * Puts the peers into their network before they are used. While another container of one of them is there still, with
 * other data, nobody new comes in: a name would lead to both.
 */
export function planPeers(input: Input, draft: Draft): void {
  if (isOutgrown(input) || predecessors(input, draft).length > 0) return;
  for (const { service, place } of missing(input, draft)) {
    const create = draft.steps.find((step) => step.id === `create:${service.name}`);
    if (create?.kind === "create") {
      create.container.attachments.push(place);
      create.after.push(`create-network:${place.network}`);
    } else pushJoin(input, { service, place }, draft, { after: [`await:${service.name}`] });
  }
}

/** Puts those into their network that had to wait: call it once the removal of what served is planned. */
export function planLatePeers(given: Input, draft: Draft): void {
  const input = isOutgrown(given) ? planAnew(given, draft) : given;
  const after = predecessors(input, draft).map(({ name }) => `remove:${name}`);
  for (const each of missing(input, draft)) pushJoin(input, each, draft, { after, late: true });
}

/** Makes the network again, once it is removed; answers what is there by then, with nobody in it. */
function planAnew({ stack, images, state }: Input, draft: Draft): Input {
  const name = dataNetworkName(stack.project);
  const network = dataNetworkOf({ stack, images });
  if (network !== null)
    draft.steps.push({
      kind: "create-network",
      id: `create-network:${name}`,
      cause: "it no longer fitted who is in it",
      after: [`remove-network:${name}`],
      name,
      network,
      generation: lasting,
      addresses: addressesOf(stack),
    });
  const containers = state.containers.map((each) => {
    const { [name]: _left, ...addresses } = each.addresses;
    return { ...each, addresses };
  });
  return { stack, images, state: { ...state, containers } };
}

type Place = { service: ServiceSpec; place: Attachment };

/** What is in the plan, or there, and not in the network. */
function missing({ stack, images, state }: Input, draft: Draft): Place[] {
  const network = dataNetworkName(stack.project);
  return peersOf(stack, images).flatMap((service) => {
    const create = draft.steps.find((step) => step.id === `create:${service.name}`);
    const present = containerOf(service, { state }, draft);
    const isIn =
      create?.kind === "create"
        ? create.container.attachments.some((each) => each.network === network)
        : present === undefined || network in present.addresses || hasStep(draft, `join:${service.name}:${network}`);
    const aliases = [...new Set([service.name, ...service.networks.flatMap((each) => each.aliases)])];
    return isIn ? [] : [{ service, place: { network, aliases, index: null } }];
  });
}

/** `late`: nobody waits for it. */
function pushJoin(
  input: Input,
  { service, place }: Place,
  draft: Draft,
  { after, late = false }: { after: string[]; late?: boolean },
): void {
  const create = draft.steps.find((step) => step.id === `create:${service.name}`);
  const made = create?.kind === "create" ? create.container.name : containerOf(service, input, draft)?.name;
  draft.steps.push({
    kind: "join",
    id: `${late ? "late-" : ""}join:${service.name}:${place.network}`,
    cause: "its connections to others that keep data outlive this generation",
    after: [...after, `create-network:${place.network}`],
    container: made ?? "",
    service: service.name,
    attachment: place,
  });
}

function containerOf({ name }: ServiceSpec, { state }: Pick<Input, "state">, draft: Draft) {
  return state.containers.find((each) => each.service === name && draft.containers.has(each.name));
}

/** Those whose places are still taken: but for who is stopped before its successor starts on the same data. */
function predecessors({ stack, images, state }: Input, draft: Draft): ObservedContainer[] {
  const network = dataNetworkName(stack.project);
  const names = new Set(peersOf(stack, images).map(({ name }) => name));
  const stopped = new Set(draft.steps.flatMap((step) => (step.kind === "stop" ? [step.container] : [])));
  return state.containers.filter(
    (each) =>
      names.has(each.service) &&
      network in each.addresses &&
      !draft.containers.has(each.name) &&
      !stopped.has(each.name),
  );
}

/** Kept services of which one names the other in `depends_on`, and which meet in a network. */
function peersOf({ services }: StackSpec, images: Input["images"]): ServiceSpec[] {
  const kept = services.filter((each) => isKept(each, images[each.name]));
  return kept.filter((one) =>
    kept.some((other) => one !== other && meet(one, other) && (uses(one, other) || uses(other, one))),
  );
}

function meet(one: ServiceSpec, other: ServiceSpec): boolean {
  return one.networks.some(({ network }) => other.networks.some((each) => each.network === network));
}

function uses(one: ServiceSpec, other: ServiceSpec): boolean {
  return one.dependsOn.some(({ service }) => service === other.name);
}
