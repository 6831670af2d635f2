import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, posix } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { SourceError } from "../domain/errors.ts";
import type { LeftPart } from "../domain/git-parts.ts";
import type { RandomId } from "../domain/time.ts";
import { isInside, normalizeContained, resolveContained } from "./contained-path.ts";
import { GitExit } from "./git.ts";
import { type Layer, type LayersOptions, layOutLayers, type Origin, pathIn } from "./layers.ts";
import { readTextInside } from "./text-file.ts";
import { createTurns } from "./turns.ts";
import type { Special, Tree } from "./tree.ts";

/** A commit's files on disk, private and without `.git`, until disposed; its submodules where the operator allows them. */
export type Checkout = AsyncDisposable &
  Pick<Tree, "commit" | "special" | "treeId" | "blobs"> & {
    root: string;
    measure(path: string): Promise<{ files: number; bytes: number }>;
    /** What is kept elsewhere and was not fetched. */
    left: readonly LeftPart[];
    readText(path: string): string | null;
    kindOf(path: string): "file" | "directory" | "none" | "other";
    list(path: string): string[];
    linkAt(path: string): string | null;
  };

export type CheckoutOptions = Omit<LayersOptions, "place"> & {
  /** Where the private trees live. */
  folder: string;
  randomId: RandomId;
};

/** Lays out a commit of a mirror. Throws SourceError, as `layOutLayers`. */
export async function layOut(origin: Origin, { folder, randomId, ...options }: CheckoutOptions): Promise<Checkout> {
  const place = join(folder, randomId(16));
  const root = join(place, "tree");
  const remove = () => rm(place, { recursive: true, force: true });
  const { commit } = origin;
  await mkdir(root, { recursive: true, mode: 0o700 });
  try {
    const { layers, left } = await layOutLayers(root, origin, { ...options, place });
    const special = specialIn(layers);
    const { treeId, measure } = whole(layers);
    // A list of files may take some of the time there is, and a stack can name hundreds of paths.
    const takeTurn = createTurns();
    return {
      root,
      commit,
      special,
      left,
      ...readers(root, special),
      treeId: (path, ignored) => takeTurn("git", undefined, () => treeId(path, ignored)),
      // A folder takes a look at each file of the commit, and the rest of the server is not to wait for hundreds of them.
      measure: (path) => nextTurn().then(() => measure(path)),
      // Migrations are read in the repository itself.
      blobs: (patterns) => takeTurn("git", undefined, async () => (await layers[0]?.tree.blobs(patterns)) ?? {}),
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    if (error instanceof GitExit) {
      throw new SourceError("git-failed", `git could not lay out ${commit.slice(0, 7)}: ${error.said.slice(0, 200)}`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** A submodule that is laid out is a folder like any other. */
function specialIn(layers: readonly Layer[]): Special[] {
  const laidOut = new Set(layers.map(({ at }) => at));
  const all = layers.flatMap(({ at, tree }) =>
    tree.special.map(({ path, kind }) => ({ path: pathIn(at, path), kind })),
  );
  return all.filter(({ path, kind }) => kind === "symbolic link" || !laidOut.has(path));
}

/** Ids and sizes of all that is laid out; a layer is asked for what git has, and what was fetched beside it is added. */
function whole(layers: readonly Layer[]): Pick<Tree, "treeId" | "measure"> {
  const find = (path: string) => {
    const inside = normalizeContained(path);
    // Those of submodules come after what they lie in.
    const layer = layers.findLast(({ at }) => isInside(inside, at)) ?? layers[0]!;
    const below = layers.filter((each) => each !== layer && isInside(each.at, inside));
    const objects = layers.flatMap((each) => [...each.objects]).filter(([file]) => isInside(file, inside));
    const own = layer.at === "." ? inside : posix.relative(layer.at, inside);
    return { layer, inside, own: own === "" ? "." : own, below, objects };
  };
  return {
    async treeId(path, left) {
      const { layer, inside, own, below, objects } = find(path);
      const id = await layer.tree.treeId(own, left);
      const fetched = [
        ...below.map(({ at, tree }) => ({ path: at, id: tree.commit })),
        ...objects.map(([file, { oid }]) => ({ path: file, id: oid })),
      ].map((part) => ({ ...part, path: posix.relative(inside, part.path) }));
      const kept = fetched.filter((part) => left === undefined || part.path === "" || !left.ignores(part.path));
      if (kept.length === 0) return id;
      return createHash("sha256")
        .update(JSON.stringify([id, kept]))
        .digest("hex");
    },
    measure(path) {
      const { layer, own, below, objects } = find(path);
      const measured = [layer.tree.measure(own), ...below.map(({ tree }) => tree.measure("."))];
      const sum = (key: "files" | "bytes") => measured.reduce((total, each) => total + each[key], 0);
      return { files: sum("files"), bytes: objects.reduce((total, [, { size }]) => total + size, sum("bytes")) };
    },
  };
}

/** Removes the trees that a killed process left. Only for the one that holds the state folder. */
export async function sweepCheckouts(folder: string): Promise<number> {
  const left = await readdir(folder).catch(() => []);
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
  return left.length;
}

/** Reads below `root` without following links or leaving it; `special` are the paths git lays out as something else. */
export function readers(
  root: string,
  special: readonly Special[],
): Pick<Checkout, "readText" | "kindOf" | "list" | "linkAt"> {
  const kinds = new Map(special.map(({ path, kind }) => [path, kind]));

  const specialOnTheWay = (path: string): Special | undefined => {
    let way = "";
    for (const part of normalizeContained(path).split("/")) {
      way = way === "" ? part : `${way}/${part}`;
      const kind = kinds.get(way);
      if (kind !== undefined) return { path: way, kind };
    }
    return undefined;
  };

  return {
    readText(path) {
      const met = specialOnTheWay(path);
      if (met) throw new SourceError("path-outside", `${met.path} is a ${met.kind}, which is not followed`);
      return readTextInside(root, path);
    },
    kindOf: (path) => (specialOnTheWay(path) ? "other" : resolveContained(root, path).kind),
    linkAt(path) {
      const met = specialOnTheWay(path);
      if (met)
        return met.path === normalizeContained(path) && met.kind === "symbolic link"
          ? readTextInside(root, path)
          : null;
      const found = resolveContained(root, path);
      // In a checkout a link is a file; in a folder of somebody's own it is one.
      return found.kind === "other" && lstatSync(found.path).isSymbolicLink() ? readlinkSync(found.path) : null;
    },
    list(path) {
      const found = resolveContained(root, path);
      return found.kind === "directory" ? readdirSync(found.path).toSorted() : [];
    },
  };
}
