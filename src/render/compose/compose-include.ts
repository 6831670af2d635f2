import { excerpt } from "../../config/excerpt.ts";
import { child, type Entry, mapNode, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { type Finding, InputError, type Place } from "../../domain/errors.ts";
import { parseEnvFile } from "./env-file.ts";
import { type Findings, invalid, refuse } from "../findings.ts";
import { isNull } from "../forms/form.ts";
import type { Scope } from "./interpolate.ts";
import { isRemote, readAt, resolvePath, type SourceReader } from "../repository-path.ts";

/** Compose files that are read together: the stack's own, or those of one entry of `include`. */
export type Project = {
  files: readonly { path: string; place: Place }[];
  /** Where relative paths start, from the repository's root. */
  directory: string;
  scope: Scope;
  /** The files whose `include` led here. */
  including: readonly string[];
  /** A document over all of them that is written elsewhere. */
  last?: YamlNode | null;
};

/** What an inclusion brings. */
const sections = ["services", "volumes", "networks", "secrets", "configs", "models"];

/** Deeper ones are a mistake. */
const maxDepth = 32;

/**
 * A file's model with what its `include` brings, each read by `load` with its own directory and env files (Compose
 * specification, Include). `project` is the one that includes. Throws InputError, also where both declare one thing.
 */
export function includeFiles(
  model: YamlMap,
  project: Project,
  { reader, findings }: { reader: SourceReader; findings: Findings },
  load: (inclusion: Project) => YamlMap,
): YamlMap {
  const include = model.entries.get("include");
  if (include === undefined) return model;
  const entries = new Map(model.entries);
  entries.delete("include");
  const items = include.node.kind === "list" ? include.node.items : [];
  if (include.node.kind !== "list" && !isNull(include.node)) throw invalid(include.node, "include must be a list");
  return items.reduce<YamlMap>(
    (whole, item) => {
      const inclusion = inclusionOf(item, project, { reader, findings });
      return inclusion ? addResources(whole, load(inclusion)) : whole;
    },
    { ...model, entries },
  );
}

/** Of a file that Compose would fetch. */
export function remoteFile(path: string, place: Place): Finding {
  const message = `${excerpt(path)} is fetched by Compose, and a preview runs what its commit holds`;
  return refuse(place, "remote-file", message, "Commit a copy of the file and name that.");
}

function inclusionOf(
  item: YamlNode,
  project: Project,
  { reader, findings }: { reader: SourceReader; findings: Findings },
): Project | null {
  const written = item.kind === "scalar" ? [item] : texts(child(item, "path"));
  const [first] = written;
  if (!first) throw invalid(item, "include must name a file");
  const remote = written.find((path) => isRemote(textOf(path)));
  if (remote) {
    findings.add(remoteFile(textOf(remote), remote.place));
    return null;
  }
  const files = written.map((path) => ({ path: resolved(project.directory, textOf(path)), place: path.place }));
  const main = files[0]?.path ?? "";
  if (project.including.includes(main)) {
    throw invalid(
      first,
      `files include each other: ${[...project.including, main].map((path) => excerpt(path)).join(", which includes ")}`,
    );
  }
  if (project.including.length > maxDepth)
    throw invalid(first, `files include each other more than ${maxDepth} times over`);
  const own = texts(child(item, "project_directory"))[0];
  const directory = own ? resolved(project.directory, textOf(own)) : resolvePath(main, "..");
  const scope = scopeOf(texts(child(item, "env_file")), { project, directory, reader });
  return { files, directory, scope, including: project.including };
}

/** What is set where the file is included wins over the inclusion's own env files, `.env` beside it by default. */
function scopeOf(
  envFiles: readonly YamlNode[],
  { project, directory, reader }: { project: Project; directory: string; reader: SourceReader },
): Scope {
  const { scope } = project;
  const values = new Map<string, string>();
  const lookup = (name: string) => scope.lookup(name) ?? values.get(name);
  const usual = resolvePath(directory, ".env");
  const usualPlace = { file: usual, line: 1, column: 1 };
  const paths = envFiles.map((file) => ({ path: resolved(project.directory, textOf(file)), place: file.place }));
  const read = paths.length > 0 ? paths : reader.kindOf(usual) === "file" ? [{ path: usual, place: usualPlace }] : [];
  for (const { path, place } of read) {
    const text = readAt(reader, path, place);
    if (text === null) throw new InputError("file-missing", `there is no env file ${excerpt(path)}`, { place });
    for (const [name, { value }] of parseEnvFile(path, text, { ...scope, lookup })) values.set(name, value);
  }
  return { ...scope, lookup };
}

/** Both may declare one thing where they say the same. */
function addResources(model: YamlMap, imported: YamlMap): YamlMap {
  const entries = new Map(model.entries);
  for (const section of sections) {
    const from = imported.entries.get(section);
    if (from?.node.kind !== "map") continue;
    const to = entries.get(section);
    const names = new Map<string, Entry>(to?.node.kind === "map" ? to.node.entries : []);
    for (const [name, entry] of from.node.entries) {
      const own = names.get(name);
      if (!own) names.set(name, entry);
      else if (JSON.stringify(sorted(own.node)) !== JSON.stringify(sorted(entry.node))) {
        const where = `${excerpt(entry.key.file)}:${entry.key.line}`;
        throw invalid({ place: own.key }, `${section}.${name} is declared here and in the included ${where}`);
      }
    }
    const place = to?.node.place ?? from.node.place;
    entries.set(section, { key: to?.key ?? from.key, node: { ...mapNode(place, []), entries: names } });
  }
  return { ...model, entries };
}

function sorted(node: YamlNode): unknown {
  if (node.kind === "list") return node.items.map(sorted);
  if (node.kind === "scalar") return toValue(node);
  return [...node.entries].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, sorted(entry.node)]);
}

function texts(node: YamlNode | undefined): YamlNode[] {
  if (node === undefined || isNull(node)) return [];
  return node.kind === "list" ? node.items : [node];
}

function textOf(node: YamlNode): string {
  if (node.kind === "scalar" && typeof node.value === "string" && node.value !== "") return node.value;
  throw invalid(node, "include: a path must be a text");
}

/** An absolute path stays one, and is refused where it is opened. */
function resolved(directory: string, path: string): string {
  return path.startsWith("/") ? path : resolvePath(directory, path);
}
