import { conform } from "../config/explain.ts";
import { child, placeOf, type YamlMap } from "../config/yaml-node.ts";
import type { Finding } from "../domain/errors.ts";
import type { LeftPart } from "../domain/git-parts.ts";
import type { SourceOffer } from "../domain/source.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { Choice } from "./choice/compose-choice.ts";
import { ComposeModel } from "./compose-model.ts";
import { noteCommitArguments } from "./advice/commit-arguments.ts";
import { adviseDataPlace } from "./advice/data-place.ts";
import { adviseDevelopment } from "./advice/development.ts";
import { type Findings, refuse } from "./findings.ts";
import { createSubstitution } from "./compose/interpolate.ts";
import { noteLeftParts } from "./advice/left-parts.ts";
import type { PreviewLimits } from "./stack/limits.ts";
import type { PreviewFacts } from "./preview-facts.ts";
import { adviseOwnAddresses } from "./advice/own-addresses.ts";
import { policeBuilds } from "./policy/police-builds.ts";
import { policeChecks, withChecks } from "./stack/checks.ts";
import { placeFiles } from "./stack/place-files.ts";
import { placesOf } from "./stack/places.ts";
import { policeFiles } from "./policy/police-files.ts";
import { police } from "./policy/policy.ts";
import type { Given } from "./policy/policy-row.ts";
import { printModel } from "./compose/print-model.ts";
import { readStack } from "./compose/read-stack.ts";
import { withoutAbsent } from "./stack/replicas.ts";
import type { SourceReader } from "./repository-path.ts";
import { checkSources } from "./stack/named-sources.ts";
import { placeRoutes, type RouteWish, wishRoutes } from "./stack/routes.ts";
import { giveSecrets, misplacedSecrets, type SecretOffer } from "./stack/secrets.ts";
import { specifyStack } from "./stack/stack-spec.ts";
import { rememberReads, sourcesOf } from "./stack/sources.ts";
import type { Templates } from "./choice/template-choice.ts";

export type RenderInput = {
  reader: SourceReader;
  /** What of the commit is kept elsewhere and is not there; nothing when not told. */
  left?: readonly LeftPart[];
  templates: Templates;
  preview: PreviewFacts;
  limits: PreviewLimits;
  /** Null where no server tells which secrets there are: any name will do. */
  secrets: SecretOffer | null;
  /** Null where no server tells which sources there are: any name will do. */
  sources: SourceOffer | null;
};

export type RenderOutput = {
  /** The canonical Compose model, as JSON: before anything is rewritten. */
  model: unknown;
  findings: Finding[];
  /** Null when the policy refuses something. */
  stack: StackSpec | null;
  /** How the Compose file was chosen, a sentence for people. */
  detected: string;
};

/**
 * A commit's files as what should run: chosen, read, interpolated, merged, judged and specified. Pure: files come
 * through the reader. Throws InputError with a place for what Compose would refuse as well; what only a preview refuses is a finding.
 */
export function renderStack(input: RenderInput): RenderOutput {
  const { preview, limits } = input;
  const { reader, asked } = rememberReads(input.reader);
  const { manifest, choice, source, findings } = readStack({ ...input, reader });
  const model = printModel(source.model, preview.project);
  const isTeam = preview.trust === "team";
  const registries = { hosts: preview.registries, areOpen: isTeam };
  judge(source.model, { findings, reader, limits, given: { registries, allow: isTeam ? preview.allow : [] } });
  for (const finding of policeFiles({ ...source, reader })) findings.add(finding);
  for (const finding of misplacedSecrets(source.model, manifest)) findings.add(finding);
  for (const finding of policeChecks(manifest, registries)) findings.add(finding);
  for (const finding of noteCommitArguments(source.model, preview.commit)) findings.add(finding);
  const { all } = findings;
  const done = { model, findings: all, detected: choice.detected };
  const noteLeft = (made: StackSpec | null) => {
    for (const finding of noteLeftParts({ left: input.left ?? [], stack: made, asked, ...input }))
      findings.add(finding);
  };
  if (all.some((finding) => finding.action === "refuse")) {
    noteLeft(null);
    return { ...done, stack: null };
  }

  const read = withoutAbsent(conform(ComposeModel, source.model));
  const { compose, files, findings: told } = placeFiles(read, { ...source, reader });
  const advice = choice.template === null ? [...adviseDevelopment(source.model), ...adviseDataPlace(source.model)] : [];
  for (const finding of [...told, ...advice]) findings.add(finding);
  const wishes = wishRoutes(compose, manifest, templateRoutes(choice, compose));
  const routes = placeRoutes(wishes, preview, {
    ready: manifest.ready,
    services: Object.keys(compose.services),
    file: choice.files[0]?.path ?? manifest.node.place.file,
  });
  for (const finding of adviseOwnAddresses(source.model, routes)) findings.add(finding);
  const stack = placeImages(specifyStack(compose, { manifest, routes, preview, limits, reader, files }), source.model);
  checkSources(stack, manifest, input.sources);
  const given = giveSecrets(stack, { manifest, compose, model: source.model, offer: input.secrets, findings });
  const checked = withChecks(given, manifest, reader);
  noteLeft(checked);
  const places = placesOf(source.model, manifest.node, routes);
  return { ...done, stack: { ...checked, sources: sourcesOf(checked, asked), places } };
}

/** Where each image is named, for the day it is not to be had. */
function placeImages(stack: StackSpec, model: YamlMap): StackSpec {
  const services = stack.services.map((service) =>
    service.image.kind === "pull"
      ? { ...service, image: { ...service.image, place: placeOf(model, ["services", service.name, "image"]) } }
      : service,
  );
  return { ...stack, services };
}

type Judging = { findings: Findings; reader: SourceReader; limits: PreviewLimits; given: Given };

/** Everything that is wrong is told at once. */
function judge(model: YamlMap, { findings, reader, limits, given }: Judging): void {
  const all = [...police(model, given), ...policeBuilds(model, reader, given.registries)];
  for (const finding of all) findings.add(finding);
  const services = child(model, "services");
  const count = services?.kind === "map" ? services.entries.size : 0;
  if (services && count > limits.services) {
    const hint = "Leave services out of the preview, or ask the operator to raise limits.services.";
    findings.add(
      refuse(
        services.place,
        "too-many-services",
        `the stack has ${count} services; a preview may have ${limits.services}`,
        hint,
      ),
    );
  }
}

/** Only ports are said of a template's routes, and those are its own or were looked at as parameters. */
function templateRoutes({ parameters, templateRoutes: routes }: Choice, { services }: ComposeModel): RouteWish[] {
  const substitute = createSubstitution({ lookup: (name) => parameters.get(name), onUnset: () => null, spend() {} });
  const kept = Object.entries(routes).filter(([service]) => Object.hasOwn(services, service));
  return kept.map(([service, written]) => {
    const port = Number(substitute(written, { file: "template.yaml", line: 1, column: 1 }));
    return { service, port, path: null, health: null };
  });
}
