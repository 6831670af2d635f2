import { posix } from "node:path";
import { runnersOf } from "../domain/check.ts";
import { type Failure, type Finding, InputError } from "../domain/errors.ts";
import type { Preview } from "../domain/preview.ts";
import type { SeedPart } from "../domain/seed.ts";
import { specHash } from "../domain/spec-hash.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { ResolvedImage, StackSpec } from "../domain/stack.ts";
import { chooseVolumes } from "./choose-data.ts";
import { keepFirstRunFiles } from "./first-run-files.ts";
import { prepareFiles } from "./prepare-files.ts";
import type { BuildContext, Checkout } from "./ports.ts";
import { contentOf, tagBuilds, waitsFor } from "./prepare-builds.ts";
import { pullImages } from "./pull.ts";
import { timed } from "./timed.ts";
import { unmatchedMigrations } from "./unmatched-migrations.ts";
import type { World } from "./world.ts";
import { lookForNews } from "./written.ts";

/**
 * Fetches the commit and renders what it says should run beside what serves, with the tag of each image to build and
 * the content of what is read from files.
 */
export async function prepareStack(
  preview: Preview,
  { commit, serving }: { commit: string; serving: StackSpec | null },
  world: World,
  signal: AbortSignal,
): Promise<{ stack: StackSpec; findings: Finding[] }> {
  const moment = { preview: preview.key, generation: preview.spec.generation };
  const looked = lookBeforehand(preview, serving, world);
  looked.catch(() => {
    // Told below, where it is waited for, unless the fetch failed before.
  });
  await using checkout = await timed(world, { ...moment, name: "fetch" }, signal, () =>
    world.source.checkout(preview, commit, signal),
  );
  // Awaited here: the checkout is gone when this function returns.
  return await timed(world, { ...moment, name: "render" }, signal, async () => {
    const { stack, findings } = await world.render(checkout, preview);
    const builds = await tagBuilds(stack.builds, async (build) =>
      world.tagOf(preview, stack, build, await contentOf(build, checkout, world.ignoreOf)),
    );
    const seeds = await Promise.all(
      stack.seeds.map(async (seed) => {
        const service = stack.services.find(({ name }) => name === seed.service);
        const sourceKey = (name: string) => world.sourceKey(name, service);
        return { ...seed, content: await seedContent(seed.parts, { checkout, sourceKey }) };
      }),
    );
    const services = await prepareFiles(stack, checkout);
    await looked;
    const prepared = { ...stack, builds, seeds, services };
    const volumes = await chooseVolumes({ preview, stack: prepared, serving, checkout }, world);
    const kept = keepFirstRunFiles({ ...prepared, volumes }, serving);
    const unmatched = await unmatchedMigrations({ volumes }, checkout);
    return { stack: kept.stack, findings: [...findings, ...unmatched, ...kept.findings] };
  });
}

/** Beside the fetch: whether people wrote to the data that serves decides what becomes of it. */
async function lookBeforehand(preview: Preview, stack: StackSpec | null, world: World): Promise<void> {
  if (stack !== null) await lookForNews(preview, stack, world);
}

/** Changes only when what a seed is made of does, or its order. */
async function seedContent(
  parts: readonly SeedPart[],
  { checkout, sourceKey }: { checkout: Checkout; sourceKey(name: string): string },
): Promise<string> {
  const contents = parts.map(async (part) => {
    if ("path" in part) return await checkout.treeId(posix.normalize(part.path));
    return part.kind === "source" ? { ...part, key: sourceKey(part.name) } : part;
  });
  return specHash(await Promise.all(contents));
}

export type Gathered =
  | { kind: "ready"; images: Record<string, ResolvedImage> }
  /** With those that are there already; `again`: nothing wakes us when the others are. */
  | { kind: "building"; images: Record<string, ResolvedImage>; again: boolean }
  | { kind: "failed"; failure: Failure };

/** Finds each service's image on the engine, pulls what has a name elsewhere, and asks for the builds that are missing. */
export async function gatherImages(
  preview: Preview,
  stack: StackSpec,
  world: World,
  signal: AbortSignal,
): Promise<Gathered> {
  const found = await findImages(preview, stack, world);
  const missing = runnersOf(stack).filter((service) => !(service.name in found));
  const isWhole = await pullImages({ preview, stack }, missing, world, signal);
  const builds = missingBuilds(stack, missing);
  if (builds.length > 0) await world.engine.requireRoom("an image is to be built");
  const missingNames = new Set(builds.map(({ name }) => name));
  // An image that others are made of comes first; its end wakes the loop.
  const due = builds.filter((build) => !waitsFor(build).some((name) => missingNames.has(name)));
  const outcomes = due.map((build) => {
    const subscriber = { preview: preview.key, generation: stack.generation };
    return world.builds.request(build, subscriber, buildContext(preview, stack, build.name, world));
  });
  const failed = outcomes.find((outcome) => outcome.state === "failed");
  if (failed) return { kind: "failed", failure: failed.failure };
  if (outcomes.length > 0 || !isWhole)
    return { kind: "building", images: await findImages(preview, stack, world), again: !isWhole };
  return { kind: "ready", images: missing.length > 0 ? await findAll(preview, stack, world) : found };
}

/** The images that are on this engine now, by service. */
export async function findImages(
  preview: Preview,
  stack: StackSpec,
  world: Pick<World, "engine">,
): Promise<Record<string, ResolvedImage>> {
  const found = await Promise.all(
    runnersOf(stack).map(
      async (service) =>
        [
          service.name,
          await world.engine.resolveImage(nameOf(stack, service), tagOf(stack, service), {
            repositoryId: preview.repositoryId,
            trust: stack.trust,
          }),
        ] as const,
    ),
  );
  return Object.fromEntries(found.filter((each): each is [string, ResolvedImage] => each[1] !== null));
}

async function findAll(preview: Preview, stack: StackSpec, world: World): Promise<Record<string, ResolvedImage>> {
  const images = await findImages(preview, stack, world);
  const lost = runnersOf(stack).find((service) => !(service.name in images));
  if (lost)
    throw new InputError(
      "image-unavailable",
      `${lost.name}: its image is not on this host, or belongs to another repository`,
    );
  return images;
}

/** What serves is known by the image's id: a tag may have moved since. */
function nameOf(stack: StackSpec, service: ServiceSpec): ServiceSpec["image"] {
  const known = stack.resolved?.images[service.name];
  return known ? { kind: "pull", reference: known.id } : service.image;
}

function tagOf(stack: StackSpec, service: ServiceSpec): string | null {
  const { image } = service;
  return image.kind === "build" ? (stack.builds.find((build) => build.name === image.build)?.tag ?? null) : null;
}

function missingBuilds(stack: StackSpec, missing: readonly ServiceSpec[]): StackSpec["builds"] {
  return stack.builds.filter((build) =>
    missing.some(({ image }) => image.kind === "build" && image.build === build.name),
  );
}

/** What a build job needs; its files are opened when it starts and closed when it ends, which is when people see it. */
function buildContext(preview: Preview, stack: StackSpec, name: string, world: World): BuildContext {
  const moment = { preview: preview.key, generation: stack.generation, name: `build ${name}` };
  return {
    repository: preview.repository,
    repositoryId: preview.repositoryId,
    trust: stack.trust,
    open: async (signal) => {
      world.timeline.begin(moment);
      world.changed(preview.key);
      const checkout = await world.source.checkout(preview, stack.commit, signal);
      return {
        ...checkout,
        [Symbol.asyncDispose]: async () => {
          world.timeline.end({ ...moment, outcome: signal.aborted ? "aborted" : "done", detail: null });
          await checkout[Symbol.asyncDispose]();
        },
      };
    },
  };
}
