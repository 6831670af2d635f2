import { containerName } from "../domain/naming.ts";
import type { Slept } from "../domain/rest.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { ResolvedImage, StackSpec } from "../domain/stack.ts";
import type { ObservedContainer } from "../domain/stack-state.ts";
import { type Draft, hasStep, joinsOf } from "./draft.ts";
import { planFiles } from "./files.ts";
import { attachmentsOf, containerHash, isKept, isUsable, mayEnd, volumesOf } from "./identity.ts";
import { joinsTo, pushJoins } from "./joins.ts";
import { networkWish, planNetworks } from "./networks.ts";
import { byDependency, impliedBy, waitsOf } from "./order.ts";
import { dataNetworkOf, isOutgrown, planPeers } from "./peers.ts";
import { planReady } from "./ready.ts";
import { planSeeds } from "./seeding.ts";
import type { Attachment, ContainerPlan } from "./step.ts";
import { lostOf, planVolumes, type VolumeInput } from "./volumes.ts";

export type BringUpInput = VolumeInput & {
  /** By secret a keyed hash of its value. */
  secrets?: Readonly<Record<string, string>>;
  /** Places in the networks of the generation that serves meanwhile: a kept service replaced on its data joins them too. */
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
  const data = isOutgrown(input) ? null : dataNetworkOf(input);
  planNetworks(networkWish(input.stack, data), input.state, draft);
  const volumes = planVolumes(input, draft);
  for (const service of byDependency(input.stack.services)) {
    const image = input.images[service.name];
    const used = Object.fromEntries(volumesOf(service).map((name) => [name, volumes[name] ?? name]));
    const kept = isKept(service, image);
    const epoch = kept ? input.stack.dataEpoch : 0;
    const hash = containerHash(service, image?.id ?? "", used, { secrets: input.secrets, epoch });
    const existing = input.match(service, hash);
    const lost = volumesOf(service).find((name) => lostOf({ name }, input) !== undefined);
    if (lost !== undefined) {
      draft.lostData.push({ service: service.name, volume: lost });
      draft.kept.push({ resource: service.name, cause: `its volume ${lost} is gone; /reset gives it new data` });
    } else if (existing) {
      planExisting(input, { service, draft }, existing, kept ? Object.values(used) : []);
    } else if (image) {
      const container = containerPlan(
        input.stack,
        { ...service, kept },
        { hash, imageId: image.id, volumes: used, files: planFiles(service, input, draft) },
      );
      planNew(input, { service, draft }, container);
    } else {
      draft.lost.push(service.name);
      draft.kept.push({ resource: service.name, cause: "its image is gone; /redeploy makes it again" });
    }
  }
  planPeers(input, draft);
  planSeeds(input, draft, volumes);
  return volumes;
}

type Context = { service: ServiceSpec; draft: Draft };

function planExisting(
  input: BringUpInput,
  { service, draft }: Context,
  container: ObservedContainer,
  data: readonly string[],
): void {
  draft.containers.add(container.name);
  for (const volume of container.volumes) draft.volumes.add(volume);
  const holder = holderOf(input, service, container, data);
  const joins = joinsTo(input, service, container, holder !== undefined);
  const who = { service: service.name, container: container.name };
  const cause = "unchanged; joins the new generation";
  // Without the networks that it remembers the engine cannot start it: somebody may have pruned them.
  const networks = Object.keys(container.addresses);
  pushJoins(draft, who, joins.first, { cause, after: [] });
  if (container.state === "paused") {
    const after = joinsOf(draft, service.name);
    after.push(`stop:${service.name}`);
    draft.steps.push({ kind: "unpause", id: `unpause:${service.name}`, cause: "it was frozen", after, ...who });
  } else if (endedAsleep(container, input.slept)) {
    pushStart(input, { service, draft }, { container: container.name, cause: "it was stopped", networks });
  } else if (shouldStart(service, container, input.images[service.name])) {
    pushStart(input, { service, draft }, { container: container.name, cause: tellEnd(container), networks });
  } else if (container.state === "exited" && container.exitCode !== 0 && !service.job) {
    draft.ended.push({ service: service.name, how: tellEnd(container) });
  } else if (joins.first.length + joins.whenReady.length === 0) {
    draft.kept.push({ resource: service.name, cause: container.state === "exited" ? "it completed" : "unchanged" });
  }
  // An attempt that ended halfway, or a visit in between, left the other one running.
  const isStarted = hasStep(draft, `start:${service.name}`) || hasStep(draft, `unpause:${service.name}`);
  if (isStarted && holder && isAlive(holder)) pushStop(service, holder, draft);
  planReady(input, { service, draft }, container.name, joins);
  pushJoins(draft, who, joins.whenReady, { cause, after: [`await:${service.name}`] });
}

function isAlive({ state }: ObservedContainer): boolean {
  return state === "running" || state === "paused" || state === "restarting";
}

function planNew(input: BringUpInput, { service, draft }: Context, container: ContainerPlan): void {
  const data = container.service.kept ? Object.values(container.volumes) : [];
  const replaced = holderOf(input, service, container, data);
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
      ...container.attachments.map(({ network }) => `create-network:${network}`),
      ...Object.keys(container.volumes).flatMap((name) =>
        ["create-volume", "branch", "anchor"].map((kind) => `${kind}:${name}`),
      ),
      ...(container.files === undefined ? [] : ["fill"]),
    ],
    container,
  });
  if (replaced) pushStop(service, replaced, draft);
  const named = service.dependsOn.map((dependency) => dependency.service);
  const waits = [...named, ...impliedBy(service, input.stack, input.images)].join(" and ");
  const cause = waits === "" ? "nothing to wait for" : `after ${waits}`;
  pushStart(input, { service, draft }, { container: container.name, cause });
  const addresses = Object.fromEntries(container.attachments.map(({ network }) => [network, ""]));
  const joins = joinsTo(input, service, { addresses }, replaced !== undefined);
  planReady(input, { service, draft }, container.name, joins);
  pushJoins(draft, { service: service.name, container: container.name }, joins.whenReady, {
    cause: "serves the old generation too",
    after: [`await:${service.name}`],
  });
}

/** Two servers on the same files would destroy them. */
function pushStop(service: ServiceSpec, holder: ObservedContainer, draft: Draft): void {
  draft.steps.push({
    kind: "stop",
    id: `stop:${service.name}`,
    cause: "replaced on the same data",
    after: [`create:${service.name}`],
    container: holder.name,
    service: service.name,
    graceMs: service.stopGraceMs ?? 10_000,
  });
}

function pushStart(
  { stack, images }: BringUpInput,
  { service, draft }: Context,
  { container, cause, networks = [] }: { container: string; cause: string; networks?: string[] },
): void {
  const after = [
    `create:${service.name}`,
    ...networks.map((name) => `create-network:${name}`),
    ...joinsOf(draft, service.name),
    `stop:${service.name}`,
    ...waitsOf(service, stack, images),
  ];
  const started = { container, service: service.name, ...homeOf(service) };
  draft.steps.push({ kind: "start", id: `start:${service.name}`, cause, after, ...started });
}

function containerPlan(
  stack: StackSpec,
  service: ServiceSpec,
  made: { hash: string; imageId: string; volumes: Record<string, string>; files: string | undefined },
): ContainerPlan {
  return {
    name: containerName(stack.project, service, { generation: stack.generation, hash: made.hash }),
    service,
    specHash: made.hash,
    imageId: made.imageId,
    generation: stack.generation,
    attachments: attachmentsOf(stack, service),
    ...homeOf(service),
    volumes: made.volumes,
    ...(made.files !== undefined && { files: made.files }),
  };
}

function homeOf({ kept, networks }: ServiceSpec): { hasHome?: true } {
  return kept && networks.length > 0 ? { hasHome: true } : {};
}

/** The container that a kept one replaces on the same data: whatever it is doing, it is stopped before. */
function holderOf(
  { state }: BringUpInput,
  { name: service }: ServiceSpec,
  { name }: { name: string },
  data: readonly string[],
): ObservedContainer | undefined {
  return state.containers.find(
    (each) =>
      each.service === service &&
      each.name !== name &&
      isUsable(each) &&
      each.volumes.some((volume) => data.includes(volume)),
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
  // The engine restarts it while it starts, and no more once it is up for a while: from then on it is ours to do.
  if (container.exitCode !== 0 && service.restart !== "no" && service.restartTries === undefined) return true;
  if (container.exitCode === 0 && service.restart === "on-failure") return worked && service.ports.length > 0;
  // The engine's own end (a restart, a reboot) lets them end in good order: what is no job has to stay all the same.
  if (container.exitCode === 0 && service.restart === "no") return worked;
  return (container.exitCode ?? 0) >= 128 || container.exitCode === 0 || worked;
}

function tellEnd(container: ObservedContainer): string {
  return container.oomKilled ? "it ran out of memory" : `it had ended with code ${container.exitCode ?? "unknown"}`;
}
