import { excerpt } from "../../config/excerpt.ts";
import type { Manifest } from "../../config/manifest.ts";
import { placeOf } from "../../config/yaml-node.ts";
import { InputError } from "../../domain/errors.ts";
import { readAt, resolvePath, type SourceReader } from "../repository-path.ts";
import { detectedTemplate, namedTemplate, type Templates } from "./template-choice.ts";

/** The Compose text of a stack, and why it is this one. */
export type Choice = {
  files: { path: string; text: string }[];
  /** Where relative paths start: the directory of the first file, from the repository's root. */
  directory: string;
  /** The template that they are of, or null. */
  template: string | null;
  /** Its parameters, as variables. */
  parameters: ReadonlyMap<string, string>;
  /** Services of it that are not wanted here. */
  leftOut: readonly string[];
  /** Its routes, ports still to be interpolated. */
  templateRoutes: Record<string, string>;
  /** The file of the repository for which a template was chosen unasked, or null. */
  sign: string | null;
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

const startless =
  "package.json has no `start` script, by which the template `node` would run it: add one, or say it in .mayfly.yaml: `template: node` and `with: { start: node src/index.js }`.";

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
  const detected = detectedTemplate(manifest, { reader, templates });
  if (detected) return detected;
  throw new InputError("no-compose-file", "the repository has no Compose file, and no template fits it", {
    place: { file: "compose.yaml", line: 1, column: 1 },
    ...(reader.kindOf("package.json") === "file" && { hint: startless }),
  });
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
  const noTemplate = { template: null, parameters: new Map(), leftOut: [], templateRoutes: {}, sign: null };
  return { files, directory, ...noTemplate, detected };
}
