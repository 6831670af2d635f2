import { expect, test } from "vitest";
import { dataEpochOf } from "../../src/domain/reset.ts";
import { attempt } from "../feedback/facts.ts";

const served = attempt(2);
const epoch = served.stack!.dataEpoch;
const failed = (generation: number) => attempt(generation, { phase: "failed", readyAt: null });
const overtaken = (generation: number) => attempt(generation, { phase: "superseded", readyAt: null });

test.each([
  ["nobody said /reset", 0, [served], epoch],
  ["it is tried now", 3, [served, attempt(3, { phase: "starting", readyAt: null })], 3],
  ["a push overtook it", 3, [served, overtaken(3)], 3],
  ["it failed, and is over", 3, [served, failed(3)], epoch],
  ["the push that overtook it failed", 3, [served, overtaken(3), failed(4)], epoch],
  ["it was said again", 4, [served, failed(3)], 4],
  ["nothing serves yet", 3, [failed(2), failed(3)], 3],
])("the data that a deployment begins with, where %s", (_when, resetBy, deployments, expected) => {
  expect(dataEpochOf({ resetBy }, deployments)).toBe(expected);
});
