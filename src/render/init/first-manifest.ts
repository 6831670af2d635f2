import { readManifest } from "../../config/manifest.ts";
import { databaseOf } from "../../domain/database.ts";
import { type Finding, InputError, type Place } from "../../domain/errors.ts";
import { chooseCompose } from "../choice/compose-choice.ts";
import { type Draft, type DraftParameter, manifestText, type Variable } from "./manifest-text.ts";
import { renderStack, type RenderInput, type RenderOutput } from "../render.ts";
import type { SourceReader } from "../repository-path.ts";
import { findSeedCommand, findSeedFiles } from "./seed-files.ts";
import { describeParameters } from "../choice/template-choice.ts";

/** A manifest for a repository, what it says, and what its files come to with it: `stack` is null where something stays refused. */
export type FirstManifest = { text: string; draft: Draft; output: RenderOutput };

const manifestFile = ".mayfly.yaml";

/**
 * Writes down what is detected without a manifest, with what makes it run: values for variables that are required, and
 * services left out that ask for what a preview never gets, unless they are built here: those are their author's to mend.
 * What is there as `.mayfly.yaml` is not read. Throws InputError for what nobody but the author can mend.
 */
export function firstManifest(input: RenderInput, schema: string | null = null): FirstManifest {
  const { reader, templates } = input;
  const choice = chooseCompose(readManifest(manifestFile, null), withManifest(reader, null), templates);
  const given = new Map(choice.parameters);
  const bare: Draft = {
    detected: choice.detected,
    files: choice.template === null ? choice.files.map(({ path }) => path) : [],
    template:
      choice.template === null
        ? null
        : {
            name: choice.template,
            parameters: describeParameters(choice.template, templates).map((each) => draftParameter(each, given)),
          },
    required: [],
    unset: [],
    dropped: [],
    routes: [],
    data: [],
  };
  const attempt = (draft: Draft) => renderStack({ ...input, reader: withManifest(reader, manifestText(draft)) });
  const running = withoutRefused(withRequired(bare, attempt, reader), attempt);
  const draft = withFacts(running, attempt(running), reader);
  const text = manifestText(draft, schema);
  return { text, draft, output: renderStack({ ...input, reader: withManifest(reader, text) }) };
}

type Attempt = (draft: Draft) => RenderOutput;

/** More than this many required variables are for their author to look through. */
const mostRequired = 50;

/** With a value for each variable without which the files cannot be read. */
function withRequired(draft: Draft, attempt: Attempt, reader: SourceReader): Draft {
  try {
    attempt(draft);
    return draft;
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== "variable-missing" || !error.place) throw error;
    const name = nameIn(error.message, reader, error.place);
    const isNew = name !== undefined && !draft.required.some((each) => each.name === name);
    if (!isNew || draft.required.length >= mostRequired) throw error;
    return withRequired({ ...draft, required: [...draft.required, { name, place: error.place }] }, attempt, reader);
  }
}

/** Without the services, of images of others, that make the policy refuse the stack. */
function withoutRefused(draft: Draft, attempt: Attempt): Draft {
  const output = attempt(draft);
  let refused = refusalsOf(output);
  let best = draft;
  for (const service of imageServices(output.model)) {
    const [finding] = refused;
    if (!finding) break;
    const tried = { ...best, dropped: [...best.dropped, { service, finding }] };
    const left = refusalsIfReadable(tried, attempt);
    const gone = refused.find((each) => left?.every((other) => !isSame(each, other)));
    if (!left || left.length >= refused.length || !gone) continue;
    best = { ...tried, dropped: [...best.dropped, { service, finding: gone }] };
    refused = left;
  }
  return best;
}

/** Null where leaving it out breaks the rest. */
function refusalsIfReadable(draft: Draft, attempt: Attempt): Finding[] | null {
  try {
    return refusalsOf(attempt(draft));
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** Too many services are no single one's fault. */
function refusalsOf({ findings }: RenderOutput): Finding[] {
  return findings.filter(({ action, code }) => action === "refuse" && code !== "too-many-services");
}

function isSame(a: Finding, b: Finding): boolean {
  return a.file === b.file && a.line === b.line && a.column === b.column && a.message === b.message;
}

/** With what a stack that runs tells of itself. */
function withFacts(draft: Draft, { stack, findings, model }: RenderOutput, reader: SourceReader): Draft {
  const unset = findings
    .filter(({ code }) => code === "variable-unset")
    .flatMap((finding): Variable[] => {
      const name = nameIn(finding.message, reader, finding);
      return name === undefined ? [] : [{ name, place: finding }];
    });
  const routes = (stack?.routes ?? []).map(({ service, port }) => ({ service, port }));
  const kept = (stack?.services ?? []).filter((service) => service.kept);
  const program = programFor(stack, reader);
  const data = kept.flatMap((service) => {
    const [volume] = service.mounts.flatMap((mount) => (mount.kind === "volume" ? [mount.volume] : []));
    if (volume === undefined) return [];
    const database = loadsItself(model, service.name) ? null : databaseOf(service);
    // Of several databases of a kind nobody can tell whose it is.
    const isOnly = database !== null && kept.filter((each) => databaseOf(each) === database).length === 1;
    const seed = isOnly ? findSeedFiles(reader, database) : [];
    const isProgram = isOnly && database !== "redis" && seed.length === 0;
    return [{ service: service.name, volume, seed, program: isProgram ? program : null }];
  });
  const first = unset.filter(({ name }, index) => unset.findIndex((each) => each.name === name) === index);
  return { ...draft, unset: first, routes, data };
}

/** How the one service that is built here would fill its database itself. */
function programFor(stack: RenderOutput["stack"], reader: SourceReader): { service: string; command: string } | null {
  const built = (stack?.services ?? []).filter(({ image }) => image.kind === "build");
  const command = findSeedCommand(reader);
  return command === null || built.length !== 1 || !built[0] ? null : { service: built[0].name, command };
}

type Model = { services?: Record<string, { build?: unknown; volumes?: { target?: string }[] }> };

/** Files that a service mounts where its image looks for what to start with. */
function loadsItself(model: unknown, service: string): boolean {
  const { volumes = [] } = (model as Model).services?.[service] ?? {};
  return volumes.some(({ target }) => target?.startsWith("/docker-entrypoint-initdb.d"));
}

function imageServices(model: unknown): string[] {
  return Object.entries((model as Model).services ?? {})
    .filter(([, { build }]) => build === undefined)
    .map(([name]) => name);
}

/** Which of the variables that a file names a message is about. */
function nameIn(message: string, reader: SourceReader, { file }: Place): string | undefined {
  const names = new Set(
    [...(reader.readText(file) ?? "").matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = ""]) => name),
  );
  const words = new Set(message.match(/\w+/g));
  return [...names].find((name) => words.has(name));
}

/** The repository with this text as its manifest, or without any. */
function withManifest(reader: SourceReader, text: string | null): SourceReader {
  return { ...reader, readText: (path) => (path === manifestFile ? text : reader.readText(path)) };
}

function draftParameter(
  { name, description, preset }: { name: string; description: string; preset: string },
  given: ReadonlyMap<string, string>,
): DraftParameter {
  const value = given.get(name) ?? preset;
  return { name, description, value, isDefault: value === preset };
}
