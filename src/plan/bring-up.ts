import { homeNetworkName, containerName, networkName } from "../domain/naming.ts";
import type { Slept } from "../domain/rest.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { ResolvedImage, StackSpec } from "../domain/stack.ts";
import type { ObservedContainer } from "../domain/stack-state.ts";
import { type Draft, joinsOf } from "./draft.ts";
import { planFiles } from "./files.ts";
import { attachmentsOf, containerHash, isKept, isUsable, mayEnd, volumesOf } from "./identity.ts";
import { byDependency, impliedBy, waitsOf } from "./order.ts";
import { planReady } from "./ready.ts";
import type { Attachment, ContainerPlan } from "./step.ts";
import { planVolumes, type VolumeInput } from "./volumes.ts";

export type BringUpInput = VolumeInput & {
  /** By secret a keyed hash of its value. */
  secrets?: Readonly<Record<string, string>>;
  /** Networks of the generation that serves meanwhile: a kept service replaced on its data joins them too. */
  servingNetworks: Attachment[];
  /** The container that already is what the service should be. */
  match(service: ServiceSpec, hash: string): ObservedContainer | undefined;
  /** When it was asleep: what ended then ended because of it. Null where it never slept. */
  slept: Slept | null;
  /** Also asks services that run already whether they are ready. */
  awaitRunning: boolean;
};

/** Adds the steps that bring a stack from what is there to all its services ready; answers its volumes' engine names. */
export function planBringUp(input: BringUpInput, draft: Draft): Record<string, string> {
  planNetworks(input, draft);
  const volumes = planVolumes(input, draft);
  for (const service of byDependency(input.stack.services)) {
    const image = input.images[service.name];
    const used = Object.fromEntries(volumesOf(service).map((name) => [name, volumes[name] ?? name]));
    const epoch = isKept(service, image) ? input.stack.dataEpoch : 0;
    const hash = containerHash(service, image?.id ?? "", used, { secrets: input.secrets, epoch });
    const existing = input.match(service, hash);
    if (existing) {
      planExisting(input, { service, draft }, existing);
      planReady(input, { service, draft }, existing.name);
    } else if (image) {
      const container = containerPlan(
        input.stack,
        { ...service, kept: isKept(service, image) },
        { hash, imageId: image.id, volumes: used, files: planFiles(service, input, draft) },
      );
      planNew(input, { service, draft }, container);
      planReady(input, { service, draft }, container.name);
    } else {
      draft.lost.push(service.name);
      draft.kept.push({ resource: service.name, cause: "its image is gone; /redeploy makes it again" });
    }
  }
  return volumes;
}

type Context = { service: ServiceSpec; draft: Draft };

function planNetworks({ stack, state }: BringUpInput, draft: Draft): void {
  const wanted = [
    { name: homeNetworkName(stack.project), home: true, network: { name: "home", internal: stack.trust === "fork" } },
    ...stack.networks.map((network) => ({
      name: networkName(stack.project, stack.generation, network.name),
      home: false,
      network,
    })),
  ];
  for (const each of wanted) {
    draft.networks.add(each.name);
    if (state.networks.some((network) => network.name === each.name)) continue;
    draft.steps.push({
      ...each,
      kind: "create-network",
      id: `create-network:${each.name}`,
      cause: each.home ? "new preview" : "new generation",
      after: [],
      generation: stack.generation,
      addresses: stack.services.length,
    });
  }
}

function planExisting(input: BringUpInput, { service, draft }: Context, container: ObservedContainer): void {
  draft.containers.add(container.name);
  for (const volume of container.volumes) draft.volumes.add(volume);
  const missing = attachmentsOf(input.stack, service).filter((each) => !(each.network in container.addresses));
  for (const attachment of missing)
    pushJoin({ service, draft }, container.name, attachment, "unchanged; joins the new generation");
  if (container.state === "paused") {
    const after = joinsOf(draft, service.name);
    const named = { container: container.name, service: service.name };
    draft.steps.push({ kind: "unpause", id: `unpause:${service.name}`, cause: "it was frozen", after, ...named });
  } else if (endedAsleep(container, input.slept)) {
    pushStart(input, { service, draft }, { container: container.name, cause: "it was stopped" });
  } else if (shouldStart(service, container, input.images[service.name])) {
    pushStart(input, { service, draft }, { container: container.name, cause: tellEnd(container) });
  } else if (missing.length === 0) {
    draft.kept.push({ resource: service.name, cause: container.state === "exited" ? "it completed" : "unchanged" });
  }
}

function planNew(input: BringUpInput, { service, draft }: Context, container: ContainerPlan): void {
  const replaced = container.service.kept ? holderOf(input, container) : undefined;
  draft.containers.add(container.name);
  draft.steps.push({
    kind: "create",
    id: `create:${service.name}`,
    cause: replaced
      ? "its options changed, on the same data"
      : container.service.kept
        ? "no such data yet"
        : "new generation",
    after: [
      ...container.attachments.map((each) => `create-network:${each.network}`),
      ...Object.keys(container.volumes).flatMap((name) =>
        ["create-volume", "branch", "anchor"].map((kind) => `${kind}:${name}`),
      ),
      ...(container.files === undefined ? [] : ["fill"]),
    ],
    container,
  });
  if (container.service.kept) {
    const places = [
      ...attachmentsOf(input.stack, service),
      ...(replaced ? input.servingNetworks.filter((each) => each.aliases.includes(service.name)) : []),
    ];
    for (const place of places) pushJoin({ service, draft }, container.name, place, "joins the new generation");
  }
  if (replaced) {
    // Two servers on the same files would destroy them.
    draft.steps.push({
      kind: "stop",
      id: `stop:${service.name}`,
      cause: "replaced on the same data",
      after: [`create:${service.name}`, ...joinsOf(draft, service.name)],
      container: replaced.name,
      service: service.name,
      graceMs: service.stopGraceMs ?? 10_000,
    });
  }
  const named = service.dependsOn.map((dependency) => dependency.service);
  const waits = [...named, ...impliedBy(service, input.stack, input.images)].join(" and ");
  const cause = waits === "" ? "nothing to wait for" : `after ${waits}`;
  pushStart(input, { service, draft }, { container: container.name, cause });
}

function pushJoin({ service, draft }: Context, container: string, attachment: Attachment, cause: string): void {
  draft.steps.push({
    kind: "join",
    id: `join:${service.name}:${attachment.network}`,
    cause,
    after: [`create:${service.name}`, `create-network:${attachment.network}`],
    container,
    service: service.name,
    attachment,
  });
}

function pushStart(
  { stack, images }: BringUpInput,
  { service, draft }: Context,
  { container, cause }: { container: string; cause: string },
): void {
  const after = [
    `create:${service.name}`,
    // Who needs nobody starts at once; those who need it wait until it is ready, and joined.
    ...(service.dependsOn.length > 0 ? joinsOf(draft, service.name) : []),
    `stop:${service.name}`,
    ...waitsOf(service, stack, images),
  ];
  draft.steps.push({ kind: "start", id: `start:${service.name}`, cause, after, container, service: service.name });
}

function containerPlan(
  stack: StackSpec,
  service: ServiceSpec,
  made: { hash: string; imageId: string; volumes: Record<string, string>; files: string | undefined },
): ContainerPlan {
  const home = { network: homeNetworkName(stack.project), aliases: [], index: null };
  return {
    name: containerName(stack.project, service, { generation: stack.generation, hash: made.hash }),
    service,
    specHash: made.hash,
    imageId: made.imageId,
    generation: stack.generation,
    attachments: service.kept && service.networks.length > 0 ? [home] : attachmentsOf(stack, service),
    volumes: made.volumes,
    ...(made.files !== undefined && { files: made.files }),
  };
}

/** The container that a kept one replaces on the same data: whatever it is doing, it is stopped before. */
function holderOf({ state }: BringUpInput, container: ContainerPlan): ObservedContainer | undefined {
  const data = Object.values(container.volumes);
  return state.containers.find(
    (each) =>
      each.service === container.service.name &&
      each.name !== container.name &&
      isUsable(each) &&
      each.volumes.some((name) => data.includes(name)),
  );
}

/** Whatever it was, it had not ended by itself: also a worker that looks like a job. */
function endedAsleep({ state, endedAt }: ObservedContainer, slept: Slept | null): boolean {
  return state === "exited" && slept !== null && endedAt !== null && endedAt >= slept.since && endedAt <= slept.until;
}

/** Ended from outside, or after a while of good work: it is started again. One that ended at once would only end again. */
function shouldStart(service: ServiceSpec, container: ObservedContainer, image: ResolvedImage | undefined): boolean {
  if (container.state !== "exited") return false;
  if (service.kept) return true;
  if (service.job || (container.exitCode === 0 && mayEnd(service, image))) return false;
  const worked = (container.ranMs ?? 0) >= 10_000;
  if (container.exitCode === 0 && service.restart === "on-failure") return worked && service.ports.length > 0;
  // The engine's own end (a restart, a reboot) lets them end in good order: what is no job has to stay all the same.
  if (container.exitCode === 0 && service.restart === "no") return worked;
  return (container.exitCode ?? 0) >= 128 || container.exitCode === 0 || worked;
}

function tellEnd(container: ObservedContainer): string {
  return container.oomKilled ? "it ran out of memory" : `it had ended with code ${container.exitCode ?? "unknown"}`;
}
