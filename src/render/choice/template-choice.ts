import { excerpt } from "../../config/excerpt.ts";
import type { Manifest } from "../../config/manifest.ts";
import { readTemplateManifest, type TemplateManifest } from "../../config/template-manifest.ts";
import { placeOf } from "../../config/yaml-node.ts";
import { type Finding, InputError } from "../../domain/errors.ts";
import { nearest } from "../../domain/verbs.ts";
import type { Choice } from "./compose-choice.ts";
import { note } from "../findings.ts";
import type { SourceReader } from "../repository-path.ts";
import { templateParameters } from "./template-parameters.ts";
import { describeSign, fileOf, shows } from "./template-signs.ts";

/** The templates there are: folders with a `compose.yaml` and a `template.yaml`. */
export type Templates = { list(): string[]; readText(name: string, file: string): string | null };

export type TemplateSources = { reader: SourceReader; templates: Templates };

/** The template that the manifest names. Throws InputError `not-found`, and for parameters that do not fit. */
export function namedTemplate(name: string, manifest: Manifest, sources: TemplateSources): Choice {
  const known = sources.templates.list();
  if (!known.includes(name)) {
    const meant = nearest(name, known);
    const hint = meant === undefined ? `There are: ${known.join(", ")}.` : `Did you mean ${meant}?`;
    throw new InputError("not-found", `there is no template "${excerpt(name)}"`, {
      place: placeOf(manifest.node, ["template"]),
      hint,
    });
  }
  const detected = `The stack is the template ${name}, as .mayfly.yaml says.`;
  return fromTemplate(name, manifest, sources, { detected, sign: null });
}

/** The template that fits the repository best, or null. */
export function detectedTemplate(manifest: Manifest, sources: TemplateSources): Choice | null {
  const { reader, templates } = sources;
  const fitting = templates
    .list()
    .map((name) => ({ name, template: readTemplate(name, templates) }))
    .flatMap(({ name, template: { rank, signs, extends: base } }) => {
      const shown = signs.map((any) => any.find((sign) => shows(reader, sign)));
      const [first] = shown;
      return first && shown.every(Boolean) ? [{ name, rank, base, sign: first }] : [];
    })
    .toSorted((a, b) => a.rank - b.rank);
  const [best, ...others] = fitting;
  if (!best) return null;
  const also = others.filter(({ name }) => name !== best.base).map(({ name }) => name);
  const detected = [
    `There is no Compose file; the repository has ${describeSign(reader, best.sign)}, so the stack is the template ${best.name}.`,
    ...(also.length === 0 ? [] : [`It could be ${also.join(" or ")}, too.`]),
  ].join(" ");
  return fromTemplate(best.name, manifest, sources, { detected, sign: fileOf(best.sign) });
}

/** That a template was chosen unasked: a guess of ours, of which whoever reads the pull request should know. */
export function templateNote({ detected, parameters }: Choice, sign: string): Finding {
  const values = [...parameters]
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${/^[\w.]+$/.test(value) ? value : JSON.stringify(value)}`);
  const hint = `It has { ${values.join(", ")} }. \`mayfly init\` writes the .mayfly.yaml in which to choose otherwise.`;
  return note({ file: sign, line: 1, column: 1 }, "template", detected, hint);
}

/** Every parameter of a template, as it describes it. */
export function describeParameters(
  name: string,
  templates: Templates,
): { name: string; description: string; preset: string }[] {
  return Object.entries(readTemplate(name, templates).parameters).map(([key, { description, default: preset }]) => ({
    name: key,
    description,
    preset,
  }));
}

function fromTemplate(
  name: string,
  manifest: Manifest,
  sources: TemplateSources,
  why: Pick<Choice, "detected" | "sign">,
): Choice {
  const template = readTemplate(name, sources.templates);
  const parameters = templateParameters(template, manifest, sources.reader);
  const isLeft = (service: string) => template.optional.includes(service) && (parameters.get(service) ?? "") === "";
  return {
    files: template.files,
    directory: ".",
    template: name,
    parameters,
    leftOut: template.optional.filter(isLeft),
    templateRoutes: Object.fromEntries(Object.entries(template.routes).filter(([service]) => !isLeft(service))),
    ...why,
  };
}

/** A template with all that it takes over from those it extends; its own signs come first, its own stack last. */
type WholeTemplate = TemplateManifest & { files: Choice["files"]; signs: TemplateManifest["detect"][] };

function readTemplate(name: string, templates: Templates): WholeTemplate {
  const text = (file: string) => {
    const found = templates.readText(name, file);
    if (found !== null) return found;
    throw new InputError("file-missing", `the template ${name} has no ${file}`);
  };
  const own = readTemplateManifest(`templates/${name}/template.yaml`, text("template.yaml"));
  const file = { path: `templates/${name}/compose.yaml`, text: text("compose.yaml") };
  if (own.extends === undefined) return { ...own, files: [file], signs: [own.detect] };
  const base = readTemplate(own.extends, templates);
  return {
    ...own,
    files: [...base.files, file],
    signs: [own.detect, ...base.signs],
    parameters: { ...base.parameters, ...own.parameters },
    optional: [...base.optional, ...own.optional],
    routes: { ...base.routes, ...own.routes },
  };
}
