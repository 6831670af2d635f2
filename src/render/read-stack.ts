import { type Manifest, readManifest } from "../config/manifest.ts";
import { toValue } from "../config/yaml-node.ts";
import type { Finding, Place } from "../domain/errors.ts";
import { type Choice, chooseCompose } from "./compose-choice.ts";
import { ComposeModel } from "./compose-model.ts";
import { type ComposeSource, parseFiles, readCompose, serviceNames } from "./compose-source.ts";
import { createFindings, type Findings, note } from "./findings.ts";
import type { Scope } from "./interpolate.ts";
import type { PreviewFacts } from "./preview-facts.ts";
import { checkReferences } from "./references.ts";
import { readAt, type SourceReader } from "./repository-path.ts";
import { wishRoutes } from "./routes.ts";
import { secretVariables } from "./secrets.ts";
import { droppedServices, withOverrides, withoutServices } from "./service-overrides.ts";
import { refuseManyServices } from "./stack-caps.ts";
import { type Templates, templateNote } from "./template-choice.ts";
import { createScope, mayflyVariables } from "./variables.ts";

/** A commit's files as Compose reads them: nothing is judged yet. */
export type Reading = { manifest: Manifest; choice: Choice; source: ComposeSource; findings: Findings };

const manifestFile = ".mayfly.yaml";

/**
 * Chooses and reads the Compose files of a commit: interpolated, merged, and checked to hold together.
 * Throws InputError with a place for what Compose would refuse as well.
 */
export function readStack(input: { reader: SourceReader; templates: Templates; preview: PreviewFacts }): Reading {
  const { reader } = input;
  const manifest = readManifest(manifestFile, readAt(reader, manifestFile, { file: manifestFile, line: 1, column: 1 }));
  const choice = chooseCompose(manifest, reader, input.templates);
  const findings = createFindings();
  if (choice.sign !== null) findings.add(templateNote(choice, choice.sign));
  const source = readVariably(input, { manifest, choice, findings });
  checkReferences(source.model, source.left);
  return { manifest, choice, source, findings };
}

/**
 * Reads the stack with its variables. `MAYFLY_URL_<SERVICE>` needs to know which service is the main one, which without
 * `routes` is known only once the stack was read: then it is read twice.
 */
function readVariably(
  input: { reader: SourceReader; preview: PreviewFacts },
  reading: Omit<Reading, "source">,
): ComposeSource {
  const { manifest, choice } = reading;
  const written = parseFiles(choice.files).map((file) => withoutServices(file, new Set(choice.leftOut)));
  const services = serviceNames(written);
  refuseManyServices(services, written);
  const files = withOverrides(written, manifest, services);
  const dropped = droppedServices(manifest);
  const declared = Object.keys(manifest.routes ?? choice.templateRoutes);
  const read = (main: string | null, findings: Findings) => {
    const onUnset = tellUnset(findings);
    const own = mayflyVariables(input.preview, { services, main });
    const { directory, parameters } = choice;
    const secrets = secretVariables(manifest, input.preview.trust);
    const given = { manifest, secrets, parameters, directory };
    const scope = createScope(own, given, input.reader, onUnset);
    return readCompose(files, scope, { directory, reader: input.reader, findings, dropped });
  };
  const [first] = declared;
  if (first !== undefined) return read(first, reading.findings);
  const draft = ComposeModel.safeParse(toValue(read(null, createFindings()).model));
  const main = draft.success ? wishRoutes(draft.data, manifest, [])[0]?.service : undefined;
  return read(main ?? null, reading.findings);
}

/** Each variable once per value: a value may name one as often as it likes. */
function tellUnset(findings: Findings): Scope["onUnset"] {
  const told = new Map<Place, Set<string>>();
  return (name, place) => {
    const names = told.get(place) ?? new Set();
    told.set(place, names);
    if (names.has(name)) return;
    names.add(name);
    findings.add(unsetNote(name, place));
  };
}

function unsetNote(name: string, place: Place): Finding {
  return note(
    place,
    "variable-unset",
    `the variable ${name} is not set: it becomes an empty text`,
    "Set it under `variables:` in .mayfly.yaml, or give it a default: ${NAME:-default}.",
  );
}
