import { expect, test } from "vitest";
import type { Deployment } from "../../src/domain/preview.ts";
import { earlierThan } from "../../src/domain/rollback.ts";
import { attempt } from "../feedback/facts.ts";

const good = (generation: number, commit: string, origin: number | null = null): Deployment =>
  attempt(generation, { commit, origin });
const failed = (generation: number, commit: string): Deployment => attempt(generation, { commit, phase: "failed" });

test.each<[string, Deployment[], number | null]>([
  ["nothing serves", [failed(1, "a")], null],
  ["nothing was before", [good(1, "a")], null],
  ["the one before", [good(1, "a"), good(2, "b")], 1],
  ["what failed in between is passed over", [good(1, "a"), failed(2, "b"), good(3, "c")], 1],
  ["what failed after it is no reason to go less far", [good(1, "a"), good(2, "b"), failed(3, "c")], 1],
  ["the same commit again is not worth a way", [good(1, "a"), good(2, "b"), good(3, "b")], 1],
  ["of several of one commit, the newest", [good(1, "a"), good(2, "a"), good(3, "b")], 2],
  ["after a rollback, what was before its goal", [good(1, "a"), good(2, "b"), good(3, "c"), good(4, "b", 2)], 1],
  ["after two of them, nothing", [good(1, "a"), good(2, "b"), good(3, "a", 1)], null],
  [
    "a push after a rollback leads back to what was rolled back to",
    [good(1, "a"), good(2, "b"), good(3, "a", 1), good(4, "c")],
    3,
  ],
  [
    "and from there further back, past what was bad",
    [good(1, "a"), good(2, "b"), good(3, "c"), good(4, "b", 2), good(5, "d"), good(6, "b", 4)],
    1,
  ],
  ["one that was removed with the preview is there still", [{ ...good(1, "a"), phase: "superseded" }, good(2, "b")], 1],
])("a rollback: %s", (_name, deployments, generation) => {
  expect(earlierThan(deployments)?.generation ?? null).toBe(generation);
});
