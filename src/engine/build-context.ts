import { createHash } from "node:crypto";
import { constants, lstat, open, readdir, readlink, realpath } from "node:fs/promises";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Pack, pack } from "tar-stream";
import { InputError, SourceError } from "../domain/errors.ts";
import type { BuildSpec } from "../domain/stack.ts";
import { type Ignore, parseDockerignore } from "./dockerignore.ts";

/** The commit's files, as far as a build needs them. */
export type BuildFiles = AsyncDisposable & {
  /** Absolute path of the private tree. */
  root: string;
  readText(path: string): string | null;
};

/** What is sent to the engine, and where in it the Dockerfile is; further contexts by their names. */
export type BuildContext = { tar: Readable; dockerfile: string; named: ReadonlyMap<string, Readable> };

type Packing = { root: string; ignore: Ignore; tar: Pack; open: Readable | null; privateName: string | null };

/**
 * Packs a build's context directory without what its `.dockerignore` (or `<Dockerfile>.dockerignore`) names. Symbolic
 * links are sent as links and never followed. Throws InputError `file-missing`, SourceError `path-outside`; an error
 * of the packing itself ends the stream.
 */
export async function packContext(files: BuildFiles, build: BuildSpec): Promise<BuildContext> {
  const root = await contextRoot(files.root, build.context);
  const named = await packNamed(files, build);
  const text = dockerfileText(files, build);
  const ignore = ignoreOf(files, build.context, build.dockerfile) ?? nothing;
  const inside = build.dockerfile === null ? null : pathInside(join("/", build.context), join("/", build.dockerfile));
  const sendsItself = inside !== null && !ignore.ignores(inside);
  const privateName = privateNameOf(text);
  const tar = pack();
  if (!sendsItself) tar.entry({ name: privateName, mode: 0o644 }, text);
  const stream = fill({ root, ignore, tar, open: null, privateName });
  return { tar: stream, dockerfile: sendsItself ? inside : privateName, named };
}

/** The directories among a build's further contexts, each without what a `.dockerignore` in it names. */
async function packNamed(files: BuildFiles, build: BuildSpec): Promise<Map<string, Readable>> {
  const named = new Map<string, Readable>();
  for (const context of build.contexts ?? []) {
    if (context.kind !== "path") continue;
    const root = await contextRoot(files.root, context.path);
    const ignore = ignoreOf(files, context.path) ?? nothing;
    named.set(context.name, fill({ root, ignore, tar: pack(), open: null, privateName: null }));
  }
  return named;
}

/** Packs as it is read. */
function fill(packing: Packing): Readable {
  const { tar } = packing;
  // The engine may stop reading in the middle of a file.
  tar.on("close", () => packing.open?.destroy());
  packDirectory(packing, "").then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return Readable.from(tar);
}

/**
 * A Dockerfile from outside the context (or inline, or ignored) travels inside it under a name that its text decides,
 * so that no file beside it can stand in for it.
 */
function privateNameOf(text: string): string {
  return `.mayfly-${createHash("sha256").update(text).digest("hex").slice(0, 32)}.Dockerfile`;
}

async function contextRoot(files: string, context: string): Promise<string> {
  const root = await realpath(files);
  const wanted = join(root, context, ".");
  // Whatever keeps it from being resolved, the author is told below that it is no folder to build from.
  const real = await realpath(wanted).catch(() => null);
  if (real === null || !(await lstat(real)).isDirectory()) {
    throw new InputError("file-missing", `build context ${context} is not a directory of the repository`);
  }
  if (pathInside(root, wanted) === null || real !== wanted) {
    throw new SourceError("path-outside", `build context ${context} leads outside the repository or over a link`);
  }
  return real;
}

/** `path` as seen from `folder`, or null when it is not inside; both absolute. */
function pathInside(folder: string, path: string): string | null {
  const inside = relative(folder, path);
  return inside === ".." || inside.startsWith("../") ? null : inside;
}

function dockerfileText(files: BuildFiles, build: BuildSpec): string {
  const text = build.inline ?? (build.dockerfile === null ? null : files.readText(build.dockerfile));
  if (text !== null) return text;
  throw new InputError(
    "file-missing",
    `${build.name} is built from ${build.dockerfile ?? "no Dockerfile"}, which is not there`,
  );
}

/** What is not sent of a context, and so is no part of its image; null when nothing says so. Throws InputError `invalid-value`. */
export function ignoreOf(
  files: Pick<BuildFiles, "readText">,
  context: string,
  dockerfile: string | null = null,
): Ignore | null {
  const beside = dockerfile === null ? [] : [`${dockerfile}.dockerignore`];
  for (const file of [...beside, join(context, ".dockerignore")]) {
    const text = files.readText(file);
    if (text !== null) return parseDockerignore(text, file);
  }
  return null;
}

const nothing = parseDockerignore("", "");

async function packDirectory(packing: Packing, directory: string): Promise<void> {
  const entries = await readdir(join(packing.root, directory), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    // A folder of a hundred thousand files takes its time, and the rest of the server is not to wait for it.
    await nextTurn();
    if (packing.tar.destroyed) return;
    const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
    if (path === packing.privateName) continue;
    const ignored = packing.ignore.ignores(path);
    if (entry.isDirectory()) {
      if (!ignored) packing.tar.entry({ name: path, type: "directory", mode: 0o755 });
      if (!ignored || packing.ignore.hasExceptions) await packDirectory(packing, path);
    } else if (ignored) {
      continue;
    } else if (entry.isSymbolicLink()) {
      const linkname = await readlink(join(packing.root, path));
      packing.tar.entry({ name: path, type: "symlink", linkname, mode: 0o777 });
    } else if (entry.isFile()) {
      await packFile(packing, path);
    }
  }
}

async function packFile(packing: Packing, path: string): Promise<void> {
  const file = await open(join(packing.root, path), constants.O_RDONLY | constants.O_NOFOLLOW);
  const { size, mode, mtime } = await file.stat();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const entry = packing.tar.entry({ name: path, size, mode: mode & 0o777, mtime }, (error) =>
    error ? reject(error) : resolve(),
  );
  packing.open = file.createReadStream().on("error", reject);
  packing.open.pipe(entry);
  await promise;
}
