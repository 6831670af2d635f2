/** An image that Mayfly built or pulled, by the name it is removed by. */
export type OwnImage = { name: string; id: string; createdAt: number };

/** What a deployment ran with, and when it was made. */
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
