import { readStack } from "../../src/render/compose/read-stack.ts";
import { printModel } from "../../src/render/compose/print-model.ts";
import { readers } from "../../src/source/checkout.ts";
import { type Answer, askCompose, type Project } from "../support/compose-oracle.ts";
import { type Difference, differences } from "../support/compose-differences.ts";
import { preview, readerOf, templates } from "./fixtures.ts";

/** What the official Compose and we make of one project, and at which keys they differ. */
export type Comparison = { theirs: Answer; ours: { model: unknown } | { error: string }; differences: Difference[] };

/** Reads every project both ways, the official Compose in one jailed call. Nothing is judged: policy is no part of it. */
export async function compareWithCompose(projects: readonly Project[]): Promise<Comparison[]> {
  const answers = await askCompose(projects, preview.project);
  return answers.map((theirs, index) => compare(theirs, readOurs(projects[index] ?? { files: {} })));
}

/** Readable in a failing test: one line a difference. */
export function describeDifferences({ differences }: Comparison): string[] {
  return differences.map(
    ({ path, theirs, ours }) => `${path}: Compose ${JSON.stringify(theirs)}, Mayfly ${JSON.stringify(ours)}`,
  );
}

function compare(theirs: Answer, ours: Comparison["ours"]): Comparison {
  const both = { theirs, ours };
  if ("error" in theirs && "error" in ours) return { ...both, differences: [] };
  if ("error" in theirs)
    return { ...both, differences: [{ path: "", theirs: `fails: ${theirs.error}`, ours: "reads" }] };
  if ("error" in ours) return { ...both, differences: [{ path: "", theirs: "reads", ours: `fails: ${ours.error}` }] };
  return { ...both, differences: differences(theirs.model, ours.model) };
}

function readOurs({ files, compose = ["compose.yaml"] }: Project): Comparison["ours"] {
  const reader = typeof files === "string" ? readers(files, []) : readerOf({ ...files });
  const manifest = `compose: ${JSON.stringify(compose)}\n`;
  const readText = (path: string) => (path === ".mayfly.yaml" ? manifest : reader.readText(path));
  try {
    const { source } = readStack({ reader: { ...reader, readText }, templates, preview });
    return { model: JSON.parse(JSON.stringify(printModel(source.model, preview.project))) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error: error.message };
  }
}
