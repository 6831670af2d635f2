import { type Manifest, readManifest } from "../../config/manifest.ts";
import { toValue } from "../../config/yaml-node.ts";
import { type Choice, chooseCompose } from "../choice/compose-choice.ts";
import { ComposeModel } from "../compose-model.ts";
import { openFiles } from "./compose-files.ts";
import { type ComposeSource, readCompose } from "./compose-source.ts";
import { createFindings, type Findings } from "../findings.ts";
import type { PreviewFacts } from "../preview-facts.ts";
import { checkReferences } from "./references.ts";
import { explainFragment } from "./fragment.ts";
import { readAt, type SourceReader } from "../repository-path.ts";
import { wishRoutes } from "../stack/routes.ts";
import { secretVariables } from "../stack/secrets.ts";
import { type Templates, templateNote } from "../choice/template-choice.ts";
import { gatherUnset } from "./unset.ts";
import { createScope, type Hosts, mayflyVariables } from "./variables.ts";

/** A commit's files as Compose reads them: nothing is judged yet. */
export type Reading = { manifest: Manifest; choice: Choice; source: ComposeSource; findings: Findings };

const manifestFile = ".mayfly.yaml";

/**
 * Chooses and reads the Compose files of a commit: interpolated, merged, and checked to hold together.
 * Throws InputError with a place for what Compose would refuse as well.
 */
export function readStack(input: Input): Reading {
  const { reader } = input;
  const manifest = readManifest(manifestFile, readAt(reader, manifestFile, { file: manifestFile, line: 1, column: 1 }));
  const choice = chooseCompose(manifest, reader, input.templates);
  const { source, findings } = readVariably(input, manifest, choice);
  // What is refused while files are read leaves holes.
  if (!findings.all.some((finding) => finding.action === "refuse")) {
    try {
      checkReferences(source.model, source.left);
    } catch (error) {
      throw explainFragment(error, choice, reader);
    }
  }
  return { manifest, choice, source, findings };
}

type Input = { reader: SourceReader; templates: Templates; preview: PreviewFacts };
type Attempt = Pick<Reading, "source" | "findings">;

/**
 * Reads the stack with its variables. Which addresses there are, and whose is the main one, is known only once the stack
 * was read: one that asks for an address is read twice.
 */
function readVariably(input: Input, manifest: Manifest, choice: Choice): Attempt {
  const files = openFiles(choice, input.reader);
  const declared = Object.keys(manifest.routes ?? choice.templateRoutes)[0];
  let asksAddress = false;
  const read = (hosts: Hosts): Attempt => {
    const findings = createFindings();
    const unset = gatherUnset();
    if (choice.sign !== null) findings.add(templateNote(choice, choice.sign));
    const secrets = secretVariables(manifest, input.preview.trust);
    const given = { manifest, secrets, parameters: choice.parameters, directory: choice.directory };
    const own = mayflyVariables(input.preview, hosts);
    const scope = createScope(own, given, input.reader, unset.tell);
    const lookup = (name: string) => {
      asksAddress ||= name.startsWith("MAYFLY_URL_");
      return scope.lookup(name);
    };
    const from = { files, reader: input.reader, findings };
    const source = readCompose({ manifest, choice }, { ...scope, lookup }, from);
    for (const finding of unset.findings()) findings.add(finding);
    return { source, findings };
  };
  const draft = read({ services: [], main: declared ?? null });
  if (!asksAddress) return draft;
  const model = ComposeModel.safeParse(toValue(draft.source.model));
  const main = declared ?? (model.success ? wishRoutes(model.data, manifest, [])[0]?.service : undefined);
  return read({ services: draft.source.services, main: main ?? null });
}
