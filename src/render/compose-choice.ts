import { excerpt } from "../config/excerpt.ts";
import type { Manifest } from "../config/manifest.ts";
import { readTemplateManifest, type TemplateManifest } from "../config/template-manifest.ts";
import { keyPlaceOf, placeOf } from "../config/yaml-node.ts";
import { InputError } from "../domain/errors.ts";
import { nearest } from "../domain/verbs.ts";
import { unknownKey } from "../config/explain.ts";
import { exposedPort } from "./dockerfile.ts";
import { readAt, resolvePath, type SourceReader } from "./repository-path.ts";

/** The templates there are: folders with a `compose.yaml` and a `template.yaml`. */
export type Templates = { list(): string[]; readText(name: string, file: string): string | null };

/** The Compose text of a stack, and why it is this one. */
export type Choice = {
  files: { path: string; text: string }[];
  /** Where relative paths start: the directory of the first file, from the repository's root. */
  directory: string;
  /** A template's parameters, as variables. */
  parameters: ReadonlyMap<string, string>;
  /** A template's routes, ports still to be interpolated. */
  templateRoutes: Record<string, string>;
  /** A sentence for people. */
  detected: string;
};

/** In the order in which Compose looks for them, ours first. `compose.override.yaml` is a developer's file and not read. */
const usualNames = [
  "compose.preview.yaml",
  "compose.preview.yml",
  "compose.yaml",
  "compose.yml",
  "docker-compose.yml",
  "docker-compose.yaml",
];

/**
 * Chooses what to run: the manifest's files or template, else the usual Compose file, else the template that fits the
 * repository best. Throws InputError `no-compose-file`, `file-missing`, `path-outside`, `unknown-key`.
 */
export function chooseCompose(manifest: Manifest, reader: SourceReader, templates: Templates): Choice {
  if (manifest.compose) return namedFiles(manifest.compose, manifest, reader);
  if (manifest.template !== undefined) return namedTemplate(manifest.template, manifest, { reader, templates });
  const usual = usualNames.find((name) => reader.kindOf(name) === "file");
  if (usual !== undefined) {
    const text = readAt(reader, usual, { file: usual, line: 1, column: 1 }) ?? "";
    return fromFiles([{ path: usual, text }], `The stack is ${usual} of the repository.`);
  }
  return detectedTemplate(manifest, { reader, templates });
}

function namedFiles(paths: readonly string[], manifest: Manifest, reader: SourceReader): Choice {
  const files = paths.map((path, index) => {
    const place = placeOf(manifest.node, ["compose", index]);
    const text = readAt(reader, path, place);
    if (text === null) throw new InputError("file-missing", `there is no Compose file ${excerpt(path)}`, { place });
    return { path: resolvePath(".", path), text };
  });
  return fromFiles(files, `The stack is ${excerpt(paths.join(" with "))}, as .mayfly.yaml says.`);
}

function fromFiles(files: Choice["files"], detected: string): Choice {
  const directory = resolvePath(files[0]?.path ?? ".", "..");
  return { files, directory, parameters: new Map(), templateRoutes: {}, detected };
}

type Sources = { reader: SourceReader; templates: Templates };

function namedTemplate(name: string, manifest: Manifest, sources: Sources): Choice {
  const known = sources.templates.list();
  if (!known.includes(name)) {
    const meant = nearest(name, known);
    const hint = meant === undefined ? `There are: ${known.join(", ")}.` : `Did you mean ${meant}?`;
    throw new InputError("not-found", `there is no template "${excerpt(name)}"`, {
      place: placeOf(manifest.node, ["template"]),
      hint,
    });
  }
  return fromTemplate(name, manifest, sources, `The stack is the template ${name}, as .mayfly.yaml says.`);
}

function detectedTemplate(manifest: Manifest, sources: Sources): Choice {
  const has = (file: string) => sources.reader.kindOf(file) === "file";
  const fitting = sources.templates
    .list()
    .map((name) => ({ name, detect: readTemplate(name, sources.templates).detect }))
    .filter(({ detect }) => detect.length > 0 && detect.every(has))
    .toSorted((a, b) => b.detect.length - a.detect.length || (a.name < b.name ? -1 : 1));
  const [best] = fitting;
  if (!best) {
    throw new InputError("no-compose-file", "the repository has no Compose file, and no template fits it", {
      place: { file: "compose.yaml", line: 1, column: 1 },
    });
  }
  const why = `There is no Compose file; the repository has ${best.detect.join(" and ")}, so the stack is the template ${best.name}.`;
  return fromTemplate(best.name, manifest, sources, why);
}

function fromTemplate(name: string, manifest: Manifest, { reader, templates }: Sources, detected: string): Choice {
  const template = readTemplate(name, templates);
  const text = templates.readText(name, "compose.yaml");
  const path = `templates/${name}/compose.yaml`;
  if (text === null) throw new InputError("file-missing", `the template ${name} has no compose.yaml`);
  return {
    files: [{ path, text }],
    directory: ".",
    parameters: parametersOf(template, manifest, reader),
    templateRoutes: template.routes,
    detected,
  };
}

function parametersOf(template: TemplateManifest, manifest: Manifest, reader: SourceReader): Map<string, string> {
  const given = new Map(Object.entries(manifest.with ?? {}));
  const known = Object.keys(template.parameters);
  const unknown = [...given.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new InputError("unknown-key", `with: ${unknownKey(unknown, known)}`, {
      place: keyPlaceOf(manifest.node, ["with", unknown]),
    });
  }
  return new Map(
    Object.entries(template.parameters).map(([name, parameter]) => {
      const exposed =
        parameter.from === "exposed-port" ? exposedPort(readAt(reader, "Dockerfile", manifest.node.place) ?? "") : null;
      return [name, given.get(name) ?? (exposed === null ? parameter.default : String(exposed))];
    }),
  );
}

function readTemplate(name: string, templates: Templates): TemplateManifest {
  const text = templates.readText(name, "template.yaml");
  if (text === null) throw new InputError("file-missing", `the template ${name} has no template.yaml`);
  return readTemplateManifest(`templates/${name}/template.yaml`, text);
}
