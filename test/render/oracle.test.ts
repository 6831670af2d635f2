import { beforeAll, describe, expect, test } from "vitest";
import { extendsProjects, includeProjects, pathProjects } from "./file-fixtures.ts";
import { type Comparison, compareWithCompose, describeDifferences } from "./oracle.ts";
import { mergeProjects, profileProjects, resetProjects, yamlProjects } from "./structure-fixtures.ts";
import { envFileProjects, variableProjects } from "./variable-fixtures.ts";

/** Each is read by the official Compose, too: either the canonical models are the same, or neither reads it. */
const groups = {
  "files are merged": mergeProjects,
  "values are reset and replaced": resetProjects,
  "services extend others": extendsProjects,
  "files include others": includeProjects,
  "paths are resolved": pathProjects,
  "services have profiles": profileProjects,
  "variables are replaced": variableProjects,
  "env files are read": envFileProjects,
  "YAML is read": yamlProjects,
};

const cases = Object.entries(groups).flatMap(([group, projects]) =>
  Object.entries(projects).map(([name, project]) => ({ name: `${group}: ${name}`, project })),
);
const comparisons = new Map<string, Comparison>();

beforeAll(async () => {
  const all = await compareWithCompose(cases.map(({ project }) => project));
  for (const [index, comparison] of all.entries()) comparisons.set(cases[index]?.name ?? "", comparison);
}, 240_000);

describe("as the official Compose does it", () => {
  test.each(cases.map(({ name }) => name))("%s", (name) => {
    const comparison = comparisons.get(name);
    if (!comparison) throw new Error("it was not compared");
    expect(describeDifferences(comparison)).toEqual([]);
  });

  test("most of them are read, and some are refused by both", () => {
    const read = [...comparisons.values()].filter(({ theirs }) => "model" in theirs).length;
    expect(read).toBeGreaterThan(190);
    expect(comparisons.size - read).toBeGreaterThan(25);
  });
});
