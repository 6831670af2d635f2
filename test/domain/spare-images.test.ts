import { expect, test } from "vitest";
import type { Deployment } from "../../src/domain/preview.ts";
import { type ImageUse, neededOf, spareImages } from "../../src/domain/spare-images.ts";
import { attempt } from "../feedback/facts.ts";

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

const made = (generation: number, phase: Deployment["phase"] = "ready", origin: number | null = null): Deployment =>
  attempt(generation, { commit: `c${origin ?? generation}`, phase, origin });

test.each<[string, Deployment[], string]>([
  ["of what serves, and of where a rollback leads", [made(1), made(2), made(3)], "2 3"],
  ["of what is under way beside them", [made(1), made(2), made(3), made(4, "building")], "2 3 4"],
  ["of what never served, none", [made(1), made(2, "failed"), made(3, "superseded")], "1"],
  ["after a rollback, of where the next one leads", [made(1), made(2), made(3), made(4, "ready", 2)], "1 4"],
  ["of what a rollback under way runs again", [made(1), made(2), made(3), made(4, "pending", 1)], "1 2 3 4"],
  ["before anything serves, of what is under way", [made(1, "pending")], "1"],
])("images that a preview needs: %s", (_name, deployments, expected) => {
  expect(
    neededOf(deployments)
      .map(({ generation }) => generation)
      .join(" "),
  ).toBe(expected);
});
