import { child, mapNode, toValue, type YamlMap, type YamlNode } from "../config/yaml-node.ts";
import { readYaml } from "../config/yaml-source.ts";
import { InputError } from "../domain/errors.ts";
import { canonicalFile, settleModel } from "./compose-file.ts";
import { mergeFiles } from "./compose-merge.ts";
import { resolveEnvironments } from "./environment.ts";
import type { Findings } from "./findings.ts";
import { interpolateNode, type Scope } from "./interpolate.ts";
import type { SourceReader } from "./repository-path.ts";
import { dropServices } from "./service-overrides.ts";
import { refuseHugeStack } from "./stack-caps.ts";
import { resolvePaths } from "./resolve-paths.ts";
import { withoutUnused } from "./unused.ts";

/** A stack as `docker compose config` would print it, still knowing its places; `left` are the services with profiles. */
export type ComposeSource = {
  model: YamlMap;
  left: ReadonlySet<string>;
  /** The value of a variable, as `${NAME}` has it. */
  lookup: Scope["lookup"];
};

/** Of all files together, as of one. */
const maxCharacters = 1024 * 1024;

/** Parses Compose files. Throws InputError `yaml-…`, `invalid-value` for an empty one. */
export function parseFiles(files: readonly { path: string; text: string }[]): YamlNode[] {
  const [first] = files;
  if (first && files.reduce((sum, { text }) => sum + text.length, 0) > maxCharacters) {
    const place = { file: first.path, line: 1, column: 1 };
    throw new InputError("yaml-too-large", "the Compose files come to more than 1 MiB", { place });
  }
  return files.map(({ path, text }) => {
    const node = readYaml(path, text);
    if (node) return node;
    throw new InputError("invalid-value", `${path} is empty`, { place: { file: path, line: 1, column: 1 } });
  });
}

/** Names of the services in the files as they are written: keys are not interpolated. */
export function serviceNames(files: readonly YamlNode[]): string[] {
  const names = files.flatMap((file) => {
    const services = child(file, "services");
    return services?.kind === "map" ? [...services.entries.keys()] : [];
  });
  return [...new Set(names)];
}

/**
 * Interpolates, canonicalizes and merges parsed Compose files; `directory` is the first one's, from the repository's
 * root, `dropped` are services left out. Throws InputError with its place.
 */
export function readCompose(
  files: readonly YamlNode[],
  scope: Scope,
  context: { directory: string; reader: SourceReader; findings: Findings; dropped: ReadonlySet<string> },
): ComposeSource {
  const canonical = files.map((file) => canonicalFile(interpolateNode(file, scope), context.findings));
  const { model, left } = withoutProfiles(settleModel(dropServices(mergeFiles(canonical), context.dropped)));
  refuseHugeStack(model);
  const needed = withoutUnused(resolvePaths(model, context.directory));
  return { model: resolveEnvironments(needed, context.reader, scope), left, lookup: scope.lookup };
}

/** Services with `profiles` are not started by default (Compose specification, Profiles). */
function withoutProfiles(model: YamlMap): Omit<ComposeSource, "lookup"> {
  const services = model.entries.get("services");
  if (services?.node.kind !== "map") return { model, left: new Set() };
  const left = new Set<string>();
  const kept = [...services.node.entries].filter(([name, entry]) => {
    const profiles = child(entry.node, "profiles");
    const isLeft = profiles !== undefined && (toValue(profiles) as unknown[]).length > 0;
    if (isLeft) left.add(name);
    return !isLeft;
  });
  const entries = new Map(model.entries);
  const node = mapNode(
    services.node.place,
    kept.map(([name, entry]) => [name, entry.node, entry.key]),
  );
  entries.set("services", { key: services.key, node });
  return { model: { ...model, entries }, left };
}
