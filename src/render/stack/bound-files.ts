import { posix } from "node:path";
import { placeOf, type YamlMap } from "../../config/yaml-node.ts";
import type { Finding } from "../../domain/errors.ts";
import { boundPath } from "../../domain/files.ts";
import type { FileSpec } from "../../domain/stack.ts";
import type { ComposeModel, Mount } from "../compose-model.ts";
import { excerpt } from "../../config/excerpt.ts";
import { note, rewrite } from "../findings.ts";
import { hostClock } from "../policy/policy-mounts.ts";
import { followLinks, type SourceReader } from "../repository-path.ts";

/**
 * Who bound files belong to: the user that most people's files have on their own machine, and that images which do not
 * run as root most often have. git knows no owners.
 */
const owner = { uid: 1000, gid: 1000, mode: null };

/** Files that keep an empty folder in git. */
const placeholders = new Set([".gitkeep", ".gitignore", ".keep", ".empty", ".placeholder"]);

type Bind = {
  service: string;
  index: number;
  mount: Mount;
  /** The path in the repository, links followed. */
  path: string;
  /** Whether the repository has something there. */
  isThere: boolean;
};

export type Bound = { compose: ComposeModel; files: FileSpec[]; findings: Finding[] };

/**
 * A model whose bind mounts became parts of the files volume, or volumes of their own: a path that the repository does
 * not have, or has empty, and that is written to, holds data. Binds have passed the policy.
 */
export function bindFiles(compose: ComposeModel, model: YamlMap, reader: SourceReader): Bound {
  const binds = bindsOf(compose, reader);
  const written = new Set(binds.filter(({ isThere, mount }) => !isThere && !isReadOnly(mount)).map(({ path }) => path));
  const isData = ({ path, isThere }: Bind) => !isThere && written.has(path);
  const toMount = (bind: Bind): Mount => {
    const { target } = bind.mount;
    const read_only = isReadOnly(bind.mount);
    if (isData(bind)) return { type: "volume", source: `./${bind.path}`, target, read_only };
    return { type: "files", source: boundPath(bind.path), target, read_only };
  };
  const at = (bind: Bind) => placeOf(model, ["services", bind.service, "volumes", bind.index]);
  const files = binds.filter((bind) => !isData(bind)).map((bind) => fileOf(bind, at(bind)));
  const services = Object.entries(compose.services).map(([name, service]) => {
    const volumes = service.volumes?.flatMap((mount, index) => {
      if (mount.type !== "bind") return [mount];
      const bind = binds.find((each) => each.service === name && each.index === index);
      return bind ? [toMount(bind)] : [];
    });
    return [name, volumes ? { ...service, volumes } : service] as const;
  });
  return {
    compose: { ...compose, services: Object.fromEntries(services) },
    files: withoutParts(files),
    findings: [...binds.flatMap((bind) => tellMissing(bind, isData(bind), at)), ...tellCopies(binds, reader, at)],
  };
}

function bindsOf(compose: ComposeModel, reader: SourceReader): Bind[] {
  return Object.entries(compose.services).flatMap(([service, { volumes = [] }]) =>
    volumes.flatMap((mount, index) => {
      const source = mount.source ?? ".";
      if (mount.type !== "bind" || hostClock.includes(source)) return [];
      const path = followLinks(reader, source) ?? source;
      return [{ service, index, mount, path, isThere: holdsSomething(path, reader) }];
    }),
  );
}

function holdsSomething(path: string, reader: SourceReader): boolean {
  // The repository as a whole is never data, whatever it holds.
  if (path === "." || reader.kindOf(path) === "file") return true;
  // Asked also where there is no folder: one that comes with a push makes it another mount.
  return reader.list(path).some((name) => !placeholders.has(posix.basename(name)));
}

function isReadOnly({ read_only: readOnly = false }: Mount): boolean {
  return readOnly;
}

function fileOf({ path, isThere }: Bind, place: FileSpec["place"]): FileSpec {
  return { path: boundPath(path), from: isThere ? { kind: "repository", path } : { kind: "folder" }, ...owner, place };
}

/** What is part of another is filled with it. */
function withoutParts(files: readonly FileSpec[]): FileSpec[] {
  const folders = new Set(files.filter(({ from }) => from.kind === "repository").map(({ path }) => path));
  const isPart = ({ path, from }: FileSpec): boolean => {
    for (let above = posix.dirname(path); above !== "."; above = posix.dirname(above))
      if (from.kind === "repository" && folders.has(above)) return true;
    return false;
  };
  const once = new Map(files.map((file) => [file.path, file]));
  return [...once.values()].filter((file) => !isPart(file)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

type At = (bind: Bind) => FileSpec["place"];

/** As Compose makes a folder of whatever is not there, so do we; people seldom mean it. */
function tellMissing(bind: Bind, isData: boolean, at: At): Finding[] {
  if (bind.isThere) return [];
  const what = nameOf(bind);
  if (isData) {
    const message = `${what}: the repository has nothing there, so it is a volume of the preview, kept across pushes`;
    return [
      rewrite(at(bind), "bind-data", message, "To begin with data, give the preview a seed: `data:` in .mayfly.yaml."),
    ];
  }
  const message = `${what}: the repository has nothing there, so it is an empty folder`;
  return [note(at(bind), "bind-empty", message, "Commit what the service needs, or remove the mount.")];
}

/** Of folders only: a single file is hardly ever written to. */
function tellCopies(binds: readonly Bind[], reader: SourceReader, at: At): Finding[] {
  const copies = binds.filter(
    ({ isThere, mount, path }) => isThere && !isReadOnly(mount) && reader.kindOf(path) === "directory",
  );
  const means = "what is written there goes to a copy that each push makes anew";
  return copies.map((bind) => ({
    ...rewrite(at(bind), "bind-copy", `${nameOf(bind)}: ${means}`, "Use a named volume for what has to stay."),
    about: { section: "services", owner: bind.service, key: "volumes", means },
  }));
}

function nameOf({ service, index, mount: { source = "." } }: Bind): string {
  const written = source === "." ? source : `./${source}`;
  return `services.${service}.volumes[${index}] (${excerpt(written, 100)})`;
}
