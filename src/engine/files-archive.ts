import { constants, open, readdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Header, type Pack, pack } from "tar-stream";
import { EngineError } from "../domain/errors.ts";
import type { FileSpec } from "../domain/stack.ts";
import type { SourceFiles } from "./step-host.ts";

type Packing = {
  tar: Pack;
  root: string;
  /** Path in the repository → what git has there that is neither file nor folder. */
  special: ReadonlyMap<string, string>;
  /** Folders that are in the archive. */
  folders: Set<string>;
};

/** Who owns an entry; its mode is git's where none is told. */
type Owner = Pick<FileSpec, "uid" | "gid" | "mode">;

/**
 * Packs what a files volume is to hold. Symbolic links of the repository go as links, submodules as empty folders.
 * An error of the packing ends the stream with it. Throws EngineError `engine-refused` for what is not there.
 */
export function packFiles(source: SourceFiles, files: readonly FileSpec[]): Pack {
  const tar = pack();
  const special = new Map(source.special.map(({ path, kind }) => [path, kind]));
  const packing: Packing = { tar, root: source.root, special, folders: new Set() };
  const fill = async () => {
    for (const file of files) await packOne(packing, file);
    tar.finalize();
  };
  fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  return tar;
}

async function packOne(packing: Packing, { path, from, ...owner }: FileSpec): Promise<void> {
  packParents(packing, path, owner);
  switch (from.kind) {
    case "folder":
      return packFolder(packing, path, owner);
    case "text":
      return write(packing, { name: path, mode: owner.mode ?? 0o644 }, { owner, content: Buffer.from(from.text) });
    case "repository":
      return packPath(packing, { from: from.path, to: path }, owner);
  }
}

/** The engine would make what is missing above a path, in its own way. */
function packParents(packing: Packing, path: string, owner: Owner): void {
  const above = posix.dirname(path);
  if (above === "." || packing.folders.has(above)) return;
  packParents(packing, above, owner);
  packFolder(packing, above, owner);
}

function packFolder({ tar, folders }: Packing, name: string, { uid, gid }: Owner): void {
  if (folders.has(name)) return;
  folders.add(name);
  tar.entry({ name, type: "directory", mode: 0o755, uid, gid });
}

type Way = { from: string; to: string };

async function packPath(packing: Packing, { from, to }: Way, owner: Owner): Promise<void> {
  const kind = packing.special.get(from);
  if (kind === "submodule") return packFolder(packing, to, owner);
  const names = kind === undefined ? await namesIn(join(packing.root, from)) : null;
  if (names === null) return packFile(packing, { from, to }, owner);
  packFolder(packing, to, owner);
  for (const name of names) {
    // A folder of a hundred thousand files takes its time, and the rest of the server is not to wait for it.
    await nextTurn();
    if (packing.tar.destroyed) return;
    await packPath(packing, { from: from === "." ? name : `${from}/${name}`, to: `${to}/${name}` }, owner);
  }
}

/** Null for what is no folder. */
async function namesIn(path: string): Promise<string[] | null> {
  try {
    return (await readdir(path)).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return null;
    throw error;
  }
}

async function packFile(packing: Packing, { from, to }: Way, owner: Owner): Promise<void> {
  // A link is laid out as a file that holds where it leads.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  await using file = await open(join(packing.root, from), flags);
  const stat = await file.stat();
  if (!stat.isFile()) throw new EngineError("engine-refused", `${from} is no regular file`);
  if (packing.special.get(from) === "symbolic link") {
    const linkname = await file.readFile("utf8");
    return write(packing, { name: to, type: "symlink", linkname, mode: 0o777 }, { owner, content: null });
  }
  // git knows whether a file can be run, and nothing else of its mode.
  const mode = owner.mode ?? ((stat.mode & 0o100) === 0 ? 0o644 : 0o755);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { uid, gid } = owner;
  const header = { name: to, size: stat.size, mode, uid, gid, mtime: stat.mtime };
  const entry = packing.tar.entry(header, (error) => (error ? reject(error) : resolve()));
  const content = file.createReadStream({ autoClose: false }).on("error", reject);
  // The engine may stop reading in the middle of a file.
  packing.tar.once("close", resolve);
  content.pipe(entry);
  await promise;
  packing.tar.off("close", resolve);
  content.destroy();
}

function write(
  { tar }: Packing,
  header: Partial<Header> & { name: string },
  { owner, content }: { owner: Owner; content: Buffer | null },
): void {
  const { uid, gid } = owner;
  if (content === null) tar.entry({ ...header, uid, gid });
  else tar.entry({ ...header, uid, gid }, content);
}
