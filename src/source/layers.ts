import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { MayflyError, SourceError } from "../domain/errors.ts";
import { type GitParts, type LeftPart, mayBeSubmodule } from "../domain/git-parts.ts";
import { isInside, normalizeContained } from "./contained-path.ts";
import type { Git } from "./git.ts";
import type { LayOutObjects, LfsFile } from "./lfs.ts";
import { type LfsObject, parsePointer } from "./lfs-pointer.ts";
import { forgeRepository, readModules } from "./submodules.ts";
import { readTextInside } from "./text-file.ts";
import { layOutTree, type Tree } from "./tree.ts";

/** One commit in a checkout: the repository's own at `.`, and below it those of its submodules. */
export type Layer = { at: string; tree: Tree; objects: ReadonlyMap<string, LfsObject> };

/** Where a layer comes from. */
export type Origin = { repository: string; mirror: string; commit: string };

export type LayersOptions = {
  /** Where git's indexes are for the time. */
  place: string;
  git: Git;
  webUrl: string;
  /** What the operator lets us fetch. */
  parts: GitParts;
  fetchNamed(repository: string, commit: string, signal?: AbortSignal): Promise<string>;
  layOutObjects: LayOutObjects;
  signal?: AbortSignal | undefined;
  paths?: readonly string[] | undefined;
};

/** Of one checkout. A repository of honest size is far below each. */
const most = { bytes: 10 * 1024 ** 3, submodules: 50, depth: 3, objects: 2000, objectBytes: 2 * 1024 ** 3 };

type Due = Origin & { at: string; depth: number; paths: readonly string[] | undefined };
type Spent = { bytes: number; objects: number; objectBytes: number };

/**
 * Lays out a commit below `root`, and in it the submodules and files of Git LFS that the operator allows; the rest is
 * `left` as git has it. Throws GitExit, SourceError `git-failed`, `git-refused`, `commit-missing`, `lfs-failed`.
 */
export async function layOutLayers(
  root: string,
  origin: Origin,
  options: LayersOptions,
): Promise<{ layers: Layer[]; left: LeftPart[] }> {
  const layers: Layer[] = [];
  const left: LeftPart[] = [];
  const spent: Spent = { bytes: 0, objects: 0, objectBytes: 0 };
  const due: Due[] = [{ ...origin, at: ".", depth: 0, paths: options.paths }];
  for (let next = due.shift(); next !== undefined; next = due.shift()) {
    const layer = await layOutLayer(root, next, { options, spent, left, index: layers.length });
    layers.push(layer);
    due.push(...(await submodulesOf(layer, next, { options, left })));
    if (layers.length + due.length > most.submodules + 1)
      throw new SourceError("git-failed", `${origin.repository} has more than ${most.submodules} submodules`, {
        hint: "Leave some out of git.submodules in server.yaml.",
      });
  }
  return { layers, left };
}

type Laying = { options: LayersOptions; left: LeftPart[] };

async function layOutLayer(
  root: string,
  { at, repository, mirror, commit, paths }: Due,
  { options, spent, left, index }: Laying & { spent: Spent; index: number },
): Promise<Layer> {
  const { git, place, parts, signal, layOutObjects } = options;
  const folder = join(root, at);
  // git laid out the folders above, and never a symbolic link.
  await mkdir(folder, { recursive: true });
  const tree = await layOutTree(folder, {
    mirror,
    commit,
    git,
    index: join(place, `index${index}`),
    mostBytes: most.bytes - spent.bytes,
    signal,
    paths,
  });
  spent.bytes += tree.bytes;
  const files = (await pointersIn(folder, tree)).map((file) => ({ ...file, path: pathIn(at, file.path) }));
  if (!parts.lfs) {
    left.push(...files.map(({ path }) => ({ kind: "lfs" as const, path })));
    return { at, tree, objects: new Map() };
  }
  spend(files, spent);
  await layOutObjects(root, files, { repository, mirror, signal });
  return { at, tree, objects: new Map(files.map(({ path, oid, size }) => [path, { oid, size }])) };
}

async function pointersIn(folder: string, tree: Tree): Promise<LfsFile[]> {
  const files: LfsFile[] = [];
  for (const path of await tree.lfsPaths()) {
    const pointer = parsePointer(readTextInside(folder, path) ?? "");
    if (pointer) files.push({ path, ...pointer });
  }
  return files;
}

function spend(files: readonly LfsFile[], spent: Spent): void {
  spent.objects += files.length;
  spent.objectBytes += files.reduce((sum, { size }) => sum + size, 0);
  if (spent.objects <= most.objects && spent.objectBytes <= most.objectBytes) return;
  const largest = files.toSorted((a, b) => b.size - a.size)[0];
  const what = `${spent.objects} files of Git LFS hold ${Math.ceil(spent.objectBytes / 1024 ** 2)} MiB`;
  throw new SourceError("lfs-failed", `${what}, ${largest?.path} most of all; a preview has 2000 and 2 GiB at most`, {
    hint: "Keep what previews need in git itself, or set git.lfs to false in server.yaml.",
  });
}

async function submodulesOf(layer: Layer, from: Due, { options, left }: Laying): Promise<Due[]> {
  const { git, webUrl, parts, signal, fetchNamed } = options;
  const { gitlinks } = layer.tree;
  if (gitlinks.size === 0) return [];
  const modules = await readModules(git, { ...from, signal });
  const due: Due[] = [];
  for (const [path, commit] of gitlinks) {
    const at = pathIn(layer.at, path);
    const paths = seenFrom(at, options.paths);
    if (paths === "nothing") continue;
    const url = modules.get(path);
    const repository = url === undefined ? null : forgeRepository(url, { repository: from.repository, webUrl });
    const isWanted = repository !== null && mayBeSubmodule(parts, repository) && from.depth < most.depth;
    // A name that is no text cannot be named to the system either.
    if (!isWanted || at.includes("\ufffd")) {
      left.push({ kind: "submodule", path: at, repository });
    } else if (due.length < most.submodules + 1) {
      const mirror = await fetchNamed(repository, commit, signal).catch((error: unknown) => {
        throw explain(error, { at, repository });
      });
      due.push({ at, repository, mirror, commit, depth: from.depth + 1, paths });
    }
  }
  return due;
}

/** A path of a layer as the whole checkout has it. */
export function pathIn(at: string, path: string): string {
  if (at === ".") return path;
  return path === "." ? at : `${at}/${path}`;
}

/** What of the paths asked for lies in a folder, seen from it; undefined for all of it. */
function seenFrom(at: string, paths: readonly string[] | undefined): readonly string[] | undefined | "nothing" {
  const wanted = paths?.map(normalizeContained);
  if (wanted === undefined || wanted.some((path) => isInside(at, path))) return undefined;
  const inside = wanted.filter((path) => isInside(path, at)).map((path) => path.slice(at.length + 1));
  return inside.length === 0 ? "nothing" : inside;
}

function explain(error: unknown, { at, repository }: { at: string; repository: string }): unknown {
  const isRefused = error instanceof MayflyError && ["git-refused", "forge-unauthorized"].includes(error.code);
  if (!isRefused && !(error instanceof SourceError)) return error;
  const { message, retry, code } = error;
  const hint =
    code === "commit-missing"
      ? `Push that commit to ${repository}, or let the submodule point at one that is there.`
      : `Let the operator give our token (or the GitHub App) read access to ${repository}, or take it off git.submodules.`;
  return new SourceError(isRefused ? "git-refused" : code, `submodule ${at}: ${message}`, {
    cause: error,
    retry,
    ...(code !== "git-failed" && { hint }),
  });
}
