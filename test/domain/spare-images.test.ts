import { expect, test } from "vitest";
import { type ImageUse, spareImages } from "../../src/domain/spare-images.ts";

const image = (name: string, createdAt = 0) => ({ name, id: `sha256:${name}`, createdAt });
const use = (images: string[], at: number, isLive = false): ImageUse => ({ images, at, isLive });

test.each<[string, Parameters<typeof spareImages>[0], ImageUse[], string]>([
  ["the least recently used first", [image("a"), image("b")], [use(["a"], 40), use(["b"], 20)], "b a"],
  ["by its id as well", [image("a"), image("b")], [use(["sha256:a"], 40), use(["b"], 20)], "b a"],
  ["not what a preview needs, awake or asleep", [image("a"), image("b")], [use(["sha256:a"], 1, true)], "b"],
  ["not what was made or used lately", [image("a", 95), image("b"), image("c")], [use(["b"], 91)], "c"],
])("images that may go: %s", (_name, images, uses, expected) => {
  const names = spareImages(images, uses, { now: 100, keepMs: 10 }).map(({ name }) => name);
  expect(names.join(" ")).toBe(expected);
});
