import { type Finding, MayflyError } from "../domain/errors.ts";
import type { Preview } from "../domain/preview.ts";
import { dataEpochOf } from "../domain/reset.ts";
import type { ResolvedImage, StackSpec } from "../domain/stack.ts";
import { chooseVolumes } from "./choose-data.ts";
import { keepFirstRunFiles } from "./first-run-files.ts";
import { timed } from "./timed.ts";
import type { World } from "./world.ts";

/**
 * The stack of the deployment that a rollback runs again, as it is stored: by the very images that it had, as far as
 * they are on the engine, and on the data that there is now. An image that is gone is built or pulled again, which is said.
 */
export async function recallStack(
  preview: Preview,
  { serving }: { serving: StackSpec | null },
  world: World,
  signal: AbortSignal,
): Promise<{ stack: StackSpec; findings: Finding[] }> {
  const { generation, rollback } = preview.spec;
  const attempts = world.attempts.of(preview.key);
  const earlier = attempts.find((each) => each.generation === rollback?.generation);
  const stored = earlier?.stack;
  if (!stored) throw new MayflyError("internal", `nothing is stored of generation ${rollback?.generation ?? "none"}`);
  return await timed(world, { preview: preview.key, generation, name: "recall" }, signal, async () => {
    const { images, gone } = await findAgain(preview, stored, world);
    // It passed them, and nobody wants to wait for them now.
    const { checks: _passed, ...stack } = stored;
    const again = {
      ...stack,
      generation,
      dataEpoch: dataEpochOf(preview.spec, attempts),
      resolved: { images, volumes: {} },
    };
    const volumes = await chooseVolumes({ preview, stack: again, serving, checkout: null }, world);
    const candidate = { ...again, volumes };
    const kept = keepFirstRunFiles(candidate, serving);
    return { stack: kept.stack, findings: [...earlier.findings, ...gone, ...kept.findings] };
  });
}

type Found = { images: Record<string, ResolvedImage>; gone: Finding[] };

async function findAgain(preview: Preview, stored: StackSpec, world: World): Promise<Found> {
  const found: Found = { images: {}, gone: [] };
  const owner = { repositoryId: preview.repositoryId, trust: stored.trust };
  for (const service of stored.services) {
    const { image, name } = service;
    const known = stored.resolved?.images[name];
    const there = known && (await world.engine.resolveImage({ kind: "pull", reference: known.id }, null, owner));
    if (there) found.images[name] = there;
    else if (image.kind === "pull" && image.place) found.gone.push(pulledAgain(name, image.reference, image.place));
  }
  return found;
}

function pulledAgain(service: string, reference: string, place: Pick<Finding, "file" | "line" | "column">): Finding {
  const message = `${service}: the image that it ran was removed from this host, and ${reference} is pulled again`;
  const hint = "It may be a newer one of that name; a digest (name@sha256:…) always names the same.";
  return { ...place, action: "note", code: "image-gone", message, hint };
}
