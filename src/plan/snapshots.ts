import { databaseOf } from "../domain/database.ts";
import { isLaid, type SeedPart, type SeedSpec, splitParts } from "../domain/seed.ts";
import { marksIn } from "../domain/secret-mark.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { SeedProgram, SnapshotWish } from "../domain/snapshot.ts";
import { specHash } from "../domain/spec-hash.ts";
import type { ResolvedImage, StackSpec } from "../domain/stack.ts";
import { isKept } from "./identity.ts";
import { missingVolumes, type VolumeInput } from "./volumes.ts";

type Input = Omit<VolumeInput, "snapshots" | "nonce">;

/** The snapshots that are needed for the data which a bring-up of this stack would make, as far as their images are there. */
export function wishSnapshots(input: Input, owner: { repositoryId: number }): SnapshotWish[] {
  const missing = missingVolumes(input);
  return input.stack.seeds.flatMap((seed) => {
    const service = input.stack.services.find((each) => each.name === seed.service);
    const image = input.images[seed.service];
    if (!missing.includes(seed.volume) || !service || !image || seed.content === undefined) return [];
    const alone = aloneOf(service, seed, image);
    const programs = programsOf(seed, input);
    if (alone === null || programs === null) return [];
    const { readyTimeoutMs, trust } = input.stack;
    const whole = { ...seed, content: seed.content };
    const made = { service: alone, seed: whole, imageId: image.id, programs };
    return [{ ...made, key: snapshotKey(made, { repositoryId: owner.repositoryId, trust }), readyTimeoutMs }];
  });
}

/**
 * The service as its data comes to be without anything else of the stack, or null where it cannot: one volume holds all
 * of it, nobody is waited for, and no secret goes into what is shared. Anything else is seeded where it is used.
 */
function aloneOf(service: ServiceSpec, { volume, parts }: SeedSpec, image: ResolvedImage): ServiceSpec | null {
  const own = service.mounts.filter((mount) => mount.kind === "volume" && mount.volume === volume);
  if (own.some((mount) => mount.kind === "volume" && mount.subpath !== undefined)) return null;
  // Nothing of it is run for what only lies there.
  if (parts.every((part) => part.kind === "folder")) return bare(service, own);
  if (service.secrets.length > 0 || service.dependsOn.length > 0 || !isKept(service, image)) return null;
  const volumes = service.mounts.filter((mount) => mount.kind !== "tmpfs");
  const others = image.volumes.filter((path) => !service.mounts.some((mount) => mount.target === path));
  if (volumes.length !== 1 || others.length > 0) return null;
  // Whether it is ready is known of databases, and told by ports in the stack alone.
  const [, late] = splitParts(parts, service);
  return late.length > 0 && databaseOf(service) === null ? null : service;
}

function bare(service: ServiceSpec, mounts: ServiceSpec["mounts"]): ServiceSpec {
  return { ...unattended(service), environment: {}, mounts, command: null, entrypoint: null };
}

/** Nobody gives it a secret, and nobody waits for it. */
function unattended(service: ServiceSpec): ServiceSpec {
  return { ...service, secrets: [], secretFiles: [], dependsOn: [], healthcheck: "none", ports: [], restart: "no" };
}

/** Null where one needs what a snapshot has not, or is not on this engine yet. */
function programsOf(seed: SeedSpec, { stack, images }: Input): Record<string, SeedProgram> | null {
  const programs: Record<string, SeedProgram> = {};
  for (const name of runServices(seed.parts)) {
    const service = stack.services.find((each) => each.name === name);
    const imageId = images[name]?.id;
    if (!service || imageId === undefined || service.mounts.some(({ kind }) => kind === "files")) return null;
    programs[name] = { service: asProgram(service, seed), imageId, withoutSecrets: service.secrets };
  }
  return programs;
}

/** The services whose images a seed's programs are run in. */
export function runServices(parts: readonly SeedPart[]): string[] {
  return [...new Set(parts.flatMap((part) => (part.kind === "run" ? [part.service] : [])))];
}

/** With its own volume where it is the one that is seeded, and no other; without a variable that holds a secret. */
function asProgram(service: ServiceSpec, seed: SeedSpec): ServiceSpec {
  const isIts = (mount: ServiceSpec["mounts"][number]) =>
    mount.kind !== "volume" || (service.name === seed.service && mount.volume === seed.volume);
  const environment = Object.entries(service.environment).filter(([, value]) => marksIn(value).length === 0);
  const mounts = service.mounts.filter(isIts);
  return { ...unattended(service), environment: Object.fromEntries(environment), mounts };
}

/** Equal keys have equal data: the images, what is loaded, what configures the database and its programs, and whose it is. */
function snapshotKey(
  { service, seed, imageId, programs }: Pick<SnapshotWish, "service" | "seed" | "imageId" | "programs">,
  owner: Pick<StackSpec, "trust"> & { repositoryId: number },
): string {
  const made = {
    ...owner,
    imageId,
    content: seed.content,
    configured: configurationOf(service),
    programs: Object.entries(programs).map(([name, each]) => [name, each.imageId, configurationOf(each.service)]),
    // By these a program finds the database.
    names: seed.parts.every(isLaid) ? [] : service.networks.flatMap(({ aliases }) => aliases),
  };
  return specHash(made).slice(0, 32);
}

function configurationOf({ environment, command, entrypoint, user, workingDir, mounts }: ServiceSpec): object {
  return { environment, command, entrypoint, user, workingDir, mounts };
}
