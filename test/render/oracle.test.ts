import { beforeAll, describe, expect, test } from "vitest";
import type { Project } from "../support/compose-oracle.ts";
import { type Comparison, compareWithCompose, describeDifferences } from "./oracle.ts";

const several = (files: Record<string, string>, compose: string[]): Project => ({ files, compose });
const one = (text: string, files: Record<string, string> = {}): Project => ({
  files: { "compose.yaml": text, ...files },
});

/** Each is read by the official Compose, too: the canonical models must be the same. */
const projects: Record<string, Project> = {
  "one service": one("services: { web: { image: nginx } }"),
  "several files": several(
    {
      "a.yaml": "services: { web: { image: nginx, command: a b, environment: [A=1, B=2] } }",
      "b.yaml": "services: { web: { command: [c], environment: { B: 3 } } }",
    },
    ["a.yaml", "b.yaml"],
  ),
};

const comparisons = new Map<string, Comparison>();

beforeAll(async () => {
  const names = Object.keys(projects);
  const all = await compareWithCompose(Object.values(projects));
  for (const [index, comparison] of all.entries()) comparisons.set(names[index] ?? "", comparison);
}, 120_000);

describe("is read as the official Compose reads it", () => {
  test.each(Object.keys(projects))("%s", (name) => {
    const comparison = comparisons.get(name);
    if (!comparison) throw new Error("it was not compared");
    expect(describeDifferences(comparison)).toEqual([]);
    expect(comparison.theirs).toHaveProperty("model");
  });
});
