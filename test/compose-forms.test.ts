import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { InputError } from "../src/domain/errors.ts";
import { type Answer, askCompose } from "./support/compose-oracle.ts";
import { specificationSchema } from "./support/compose-schema.ts";
import { preview, readModel } from "./render/fixtures.ts";
import { acceptedProjects, type KeyProject, singleProjects, wholeFile } from "./render/forms/projects.ts";
import { allForms, formsUsedBy } from "./render/forms/schema.ts";
import { type Comparison, compareWithCompose, describeDifferences } from "./render/oracle.ts";

const accepted = [...acceptedProjects(), wholeFile];
const refused = singleProjects("refused.yaml");
const unprintable = singleProjects("unprintable.yaml");

const nameOf = ({ key, values }: KeyProject) => `${key}: ${values.join(" ")}`;

const comparisons = new Map<string, Comparison>();
const answers = new Map<string, Answer>();

beforeAll(async () => {
  const compared = await compareWithCompose(accepted);
  for (const [index, { key }] of accepted.entries()) {
    const comparison = compared[index];
    if (comparison) comparisons.set(key, comparison);
  }
  const others = [...refused, ...unprintable];
  for (const [index, answer] of (await askCompose(others, preview.project)).entries()) {
    const project = others[index];
    if (project) answers.set(nameOf(project), answer);
  }
}, 600_000);

describe("every form is read as the official Compose reads it", () => {
  test.each(accepted.map(({ key }) => key))("%s", (key) => {
    const comparison = comparisons.get(key);
    if (!comparison) throw new Error("it was not compared");
    expect(comparison.theirs).toHaveProperty("model");
    expect(describeDifferences(comparison)).toEqual([]);
  });
});

describe("what the official Compose refuses is refused where it stands", () => {
  test.each(refused.map((project) => [nameOf(project), project] as const))("%s", (name, project) => {
    expect(answers.get(name)).toHaveProperty("error");
    const lines = project.files["compose.yaml"]?.split("\n") ?? [];
    const first = lines.findIndex((line) => line.startsWith("  w0:")) + 1;
    const { place } = refusalOf(project);
    expect(place?.file).toBe("compose.yaml");
    expect(place?.line).toBeGreaterThanOrEqual(first);
    expect(place?.line).toBeLessThanOrEqual(first + 1 + project.key.split(".").length);
  });
});

test.each(unprintable.map(nameOf))("the official Compose itself does not get through %s", (name) => {
  expect(answers.get(name)).toHaveProperty("error");
});

test("no key of the official schema is without a value in each of its forms", async () => {
  const schema = await specificationSchema();
  const all = allForms(schema);
  expect(all.size).toBeGreaterThan(500);
  const used = new Set<string>();
  for (const { files } of [...accepted, ...unprintable]) {
    for (const form of formsUsedBy(schema, parse(files["compose.yaml"] ?? ""))) used.add(form);
  }
  expect([...all].filter((form) => !used.has(form))).toEqual([]);
});

function refusalOf({ files }: KeyProject): InputError {
  try {
    readModel({ ...files, ".mayfly.yaml": "compose: compose.yaml" });
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("it was read");
}
