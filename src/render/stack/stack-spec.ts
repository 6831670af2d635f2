import type { Manifest } from "../../config/manifest.ts";
import type { ServiceSpec } from "../../domain/service.ts";
import type { FileSpec, RouteSpec, StackSpec } from "../../domain/stack.ts";
import { specifyImages } from "./builds.ts";
import type { ComposeModel, Mount } from "../compose-model.ts";
import { findJobs } from "./jobs.ts";
import { type PreviewLimits, shareLimits } from "./limits.ts";
import type { PreviewFacts } from "../preview-facts.ts";
import type { SourceReader } from "../repository-path.ts";
import { linksTo } from "./service-network.ts";
import { specifySeeds } from "./seeds.ts";
import { specifyVolumes } from "./volumes.ts";
import { specifyService } from "./service-spec.ts";

/** How long a deployment may take to become ready when the manifest says nothing. */
const defaultReadyMs = 3 * 60_000;

type Context = {
  manifest: Manifest;
  routes: RouteSpec[];
  preview: PreviewFacts;
  limits: PreviewLimits;
  reader: SourceReader;
  files: FileSpec[];
};

/** A model that passed the policy, as everything one generation should run. Throws InputError for data and seeds that do not fit. */
export function specifyStack(
  model: ComposeModel,
  { manifest, routes, preview, limits, reader, files }: Context,
): StackSpec {
  const { builds, imageOf } = specifyImages(model, preview.project);
  const names = Object.keys(model.services);
  const keepers = new Set(names.filter((name) => isKeeper(model, name, imageOf(name), manifest)));
  const jobs = findJobs(model, new Set(routes.map((route) => route.service)), keepers);
  const kept = keepers.difference(jobs);
  const shares = shareLimits(
    new Map(Object.entries(model.services).map(([name, service]) => [name, { service, job: jobs.has(name) }])),
    limits,
  );
  const services = Object.entries(model.services).map(([name, service]) =>
    specifyService(name, withoutLeft(service, names), {
      image: imageOf(name),
      kept: kept.has(name),
      job: jobs.has(name),
      routed: routes.filter((route) => route.service === name).map((route) => route.port),
      links: linksTo(name, model),
      limits: shares.get(name) ?? { cpus: limits.cpus, memoryBytes: limits.memoryBytes, pids: limits.pids },
    }),
  );
  const seeds = specifySeeds(services, manifest, reader);
  return {
    slug: preview.slug,
    project: preview.project,
    generation: preview.generation,
    commit: preview.commit,
    trust: preview.trust,
    dataEpoch: preview.dataEpoch,
    services,
    builds,
    // A fork's code reaches its own services and nothing beyond them.
    networks: usedNetworks(services).map((name) => ({
      name,
      internal: preview.trust === "fork" || (model.networks?.[name]?.internal ?? false),
    })),
    volumes: specifyVolumes(usedVolumes(services), model, manifest),
    seeds,
    files,
    routes,
    sources: null,
    readyTimeoutMs: manifest.ready?.timeout ?? defaultReadyMs,
    ...pageOf(manifest),
  };
}

function pageOf({ ready }: Manifest): Pick<StackSpec, "page"> {
  const { status: statuses, body: text } = ready ?? {};
  if (statuses === undefined && text === undefined) return {};
  return { page: { ...(statuses && { statuses }), ...(text !== undefined && { text }) } };
}

/** Optional dependencies on services that are not started are none. */
function withoutLeft(
  service: ComposeModel["services"][string],
  names: readonly string[],
): ComposeModel["services"][string] {
  const dependencies = Object.entries(service.depends_on ?? {}).filter(([name]) => names.includes(name));
  return { ...service, depends_on: Object.fromEntries(dependencies) };
}

/** Runs an image that is not ours and has a volume of its own, or is named under `data:`. What an image declares itself is known at plan time. */
function isKeeper(model: ComposeModel, name: string, image: ServiceSpec["image"], manifest: Manifest): boolean {
  if (Object.hasOwn(manifest.data ?? {}, name)) return true;
  const mounts = model.services[name]?.volumes ?? [];
  return image.kind === "pull" && mounts.some((mount) => mount.type === "volume" && !isPartOfBound(mount, mounts));
}

/** An anonymous volume below bound code (`.:/app` with `/app/node_modules`) keeps what the image has there, and no data. */
function isPartOfBound({ source, target }: Mount, mounts: readonly Mount[]): boolean {
  const isBelow = (other: Mount) => other.type === "files" && target.startsWith(`${other.target.replace(/\/$/, "")}/`);
  return source === undefined && mounts.some(isBelow);
}

function usedNetworks(services: readonly ServiceSpec[]): string[] {
  return [...new Set(services.flatMap((service) => service.networks.map(({ network }) => network)))].toSorted();
}

function usedVolumes(services: readonly ServiceSpec[]): string[] {
  const names = services.flatMap((service) =>
    service.mounts.flatMap((mount) => (mount.kind === "volume" ? [mount.volume] : [])),
  );
  return [...new Set(names)].toSorted();
}
