import { mapNode, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { InputError } from "../../domain/errors.ts";
import { extendServices, type Layer } from "./compose-extends.ts";
import { canonicalFile } from "../forms/compose-file.ts";
import type { ComposeFiles } from "./compose-files.ts";
import { includeFiles, type Project, remoteFile } from "./compose-include.ts";
import { mergeModels, withoutDoubles } from "./compose-merge.ts";
import { dropPaths, takeResets } from "./compose-reset.ts";
import { resolveListedVariables } from "./environment.ts";
import { type Findings, invalid } from "../findings.ts";
import { interpolateNode } from "./interpolate.ts";
import { isRemote, resolvePath, type SourceReader } from "../repository-path.ts";
import { countValues, refuseManyServices } from "./stack-caps.ts";
import { servicesIn, withoutServices } from "./service-overrides.ts";
import { resolvePaths, withBuildContexts } from "./resolve-paths.ts";

/** What all of them are read with. */
export type Loading = {
  files: ComposeFiles;
  reader: SourceReader;
  findings: Findings;
  /** Services that are left out of the preview. */
  dropped: ReadonlySet<string>;
  /** Filled with the names of all services that were met. */
  met: Set<string>;
};

/**
 * Reads the files of a project, each document over the ones before it: interpolated, written out, extended, with what it
 * includes. Paths of the model are the repository's. Throws InputError with its place.
 */
export function loadProject(project: Project, loading: Loading): YamlMap {
  const [first] = project.files;
  let model = mapNode(first?.place ?? { file: "", line: 1, column: 1 }, []);
  for (const { path, place } of project.files) {
    loading.files.countReading(place);
    for (const document of loading.files.documents(path, place)) {
      for (const name of servicesIn(document)) loading.met.add(name);
      model = addDocument(model, withoutServices(document, loading.dropped), path);
    }
  }
  const last = project.last ?? null;
  if (last !== null) model = addDocument(model, last, last.place.file);
  return withBuildContexts(model, project.directory);

  function addDocument(earlier: YamlMap, document: YamlNode, file: string): YamlMap {
    const layer = readLayer(document, { file, directory: project.directory });
    const extended = extendServices(layer, createOpener(project, loading, readLayer), project.scope);
    project.scope.spend(countValues(extended), extended.place);
    const base = dropPaths(earlier, layer.resets);
    const including = [...project.including, file];
    const whole = includeFiles(extended, { ...project, including }, loading, (inclusion) =>
      loadProject(inclusion, loading),
    );
    return withoutDoubles(mergeModels(base, whole, project.scope.spend));
  }

  function readLayer(document: YamlNode, { file, directory }: { file: string; directory: string }): Layer {
    const { node, resets } = takeResets(document);
    if (node.kind !== "map") throw invalid(node, `${file}: a Compose file must be a map`);
    refuseManyServices(node);
    const written = resolveListedVariables(interpolateNode(node, project.scope), project.scope);
    return { file, resets, model: resolvePaths(canonicalFile(written, loading.findings), directory) };
  }
}

type ReadLayer = (document: YamlNode, from: { file: string; directory: string }) => Layer;

/** Opens files that are extended: their paths start at their own directory, and what they include does not count. */
function createOpener({ scope, directory }: Project, { files, findings }: Loading, readLayer: ReadLayer) {
  const opened = new Map<string, Layer>();
  const directories = new Map<Layer, string>();
  return (from: Layer, path: YamlNode): Layer | null => {
    const written = path.kind === "scalar" && typeof path.value === "string" ? path.value : "";
    if (written === "") throw new InputError("invalid-value", "extends.file must be a path", { place: path.place });
    if (isRemote(written)) {
      findings.add(remoteFile(written, path.place));
      return null;
    }
    const file = written.startsWith("/") ? written : resolvePath(directories.get(from) ?? directory, written);
    const known = opened.get(file);
    if (known) return known;
    files.countReading(path.place);
    const own = resolvePath(file, "..");
    const layers = files.documents(file, path.place).map((document) => readLayer(document, { file, directory: own }));
    const layer = layers.reduce((earlier, later) => ({
      ...later,
      model: withoutDoubles(mergeModels(dropPaths(earlier.model, later.resets), later.model, scope.spend)),
    }));
    opened.set(file, layer);
    directories.set(layer, own);
    return layer;
  };
}
