import { type Deployment, isUnderWay, servingOf } from "./preview.ts";
import { earlierThan } from "./rollback.ts";

/** An image that Mayfly built or pulled, by the name it is removed by. */
export type OwnImage = { name: string; id: string; createdAt: number };

/** What a deployment ran with, and when it was made; live where its preview needs that still. */
export type ImageUse = { images: readonly string[]; at: number; isLive: boolean };

/**
 * The images that may go, the least recently used first: none that a preview needs (asleep or not), none that is
 * younger than `keepMs` or was used since. `images` of a use are ids and names.
 */
export function spareImages(
  images: readonly OwnImage[],
  uses: readonly ImageUse[],
  { now, keepMs }: { now: number; keepMs: number },
): OwnImage[] {
  const needed = new Set(uses.filter(({ isLive }) => isLive).flatMap((use) => use.images));
  const usedAt = new Map<string, number>();
  for (const { images: used, at } of uses)
    for (const image of used) usedAt.set(image, Math.max(at, usedAt.get(image) ?? 0));
  const lastUse = ({ name, id, createdAt }: OwnImage) =>
    Math.max(createdAt, usedAt.get(name) ?? 0, usedAt.get(id) ?? 0);
  return images
    .filter((each) => !needed.has(each.name) && !needed.has(each.id) && now - lastUse(each) >= keepMs)
    .toSorted((a, b) => lastUse(a) - lastUse(b) || (a.name < b.name ? -1 : 1));
}

/**
 * The deployments of a preview whose images it needs: what is under way (and what that runs again), what serves, awake or
 * not, and where the next rollback leads. What is further back is built or pulled again by whoever returns to it.
 */
export function neededOf(deployments: readonly Deployment[]): Deployment[] {
  const underWay = deployments.filter(isUnderWay);
  const again = underWay.map(({ origin }) => origin);
  const needed = new Set([servingOf(deployments)?.generation, earlierThan(deployments)?.generation, ...again]);
  return deployments.filter((each) => underWay.includes(each) || needed.has(each.generation));
}
