import { specHash } from "../domain/spec-hash.ts";
import type { Mount, ServiceSpec } from "../domain/service.ts";
import type { ResolvedImage, StackSpec } from "../domain/stack.ts";
import type { ObservedContainer, StackState } from "../domain/stack-state.ts";
import { networkName } from "../domain/naming.ts";
import type { Attachment } from "./step.ts";

/** What a service is beside its own spec: by secret the keyed hash of its value, and which data a kept one has. */
type Beside = { secrets?: Readonly<Record<string, string>> | undefined; epoch?: number };

/**
 * What a container's identity is made of. What changes without replacing it is left out: networks are joined, limits
 * are our quota, the image counts by its id, a secret by the keyed hash of its value.
 */
export function containerHash(
  service: ServiceSpec,
  imageId: string,
  volumes: Record<string, string>,
  { secrets = {}, epoch = 0 }: Beside = {},
): string {
  const {
    dependsOn: _order,
    networks: _joined,
    ports: _promised,
    limits: _quota,
    image: _byId,
    kept: _kept,
    job: _job,
    ...content
  } = service;
  const values = service.secrets.length === 0 ? undefined : service.secrets.map((name) => secrets[name] ?? "");
  // A reset is other data also where no volume with a name of its own holds it.
  return specHash({ content, imageId, volumes, values, epoch: epoch === 0 ? undefined : epoch });
}

/** Whether a service's data outlives a generation; an image's own `VOLUME` counts where the service runs an image. A job is run by each. */
export function isKept(service: ServiceSpec, image: ResolvedImage | undefined): boolean {
  if (service.job) return false;
  return service.kept || (service.image.kind === "pull" && (image?.volumes.length ?? 0) > 0);
}

/**
 * Whether exit 0 is a good end: of a job, and of what nothing tells to stay, though others are started after it. What
 * its image declares is known here.
 */
export function mayEnd(service: ServiceSpec, image: ResolvedImage | undefined): boolean {
  if (service.job) return true;
  const promises = service.ports.length > 0 || (image?.ports.length ?? 0) > 0 || isKept(service, image);
  return service.restart === "no" && !promises && (service.healthcheck === null || service.healthcheck === "none");
}

/** The places of a service in its generation's networks; its index fixes its address there. */
export function attachmentsOf(
  stack: Pick<StackSpec, "services" | "project" | "generation">,
  service: ServiceSpec,
): Attachment[] {
  const index = stack.services.findIndex((each) => each.name === service.name);
  return service.networks.map(({ network, aliases }) => ({
    network: networkName(stack.project, stack.generation, network),
    aliases: [...new Set([service.name, ...aliases])],
    index,
  }));
}

/**
 * A container belongs to a generation by being attached to its networks, or by having none (`network_mode: none`). One
 * that a later attempt made does not, though it may have joined them for the time it replaced another.
 */
export function belongsTo(container: ObservedContainer, generation: number, state: StackState): boolean {
  if (container.generation > generation) return false;
  if (isAlone(container)) return true;
  return state.networks.some((network) => network.generation === generation && network.name in container.addresses);
}

/** A service's container without a network; what only holds volumes has no spec. */
function isAlone({ addresses, specHash: hash }: ObservedContainer): boolean {
  return hash !== "" && Object.keys(addresses).every((network) => network === "none");
}

/** The named volumes a service mounts, by the user's name. */
export function volumesOf(service: ServiceSpec): string[] {
  return service.mounts
    .filter((mount): mount is Extract<Mount, { kind: "volume" }> => mount.kind === "volume")
    .map((mount) => mount.volume);
}

/** Made but never started, or half removed: it may lack its files. */
export function isUsable(container: ObservedContainer): boolean {
  return container.state !== "created" && container.state !== "dead" && container.state !== "removing";
}
