import { constants, lstatSync, readdirSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Writable } from "node:stream";
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
  const names = kind === undefined ? namesIn(join(packing.root, from)) : null;
  if (names === null) return packFile(packing, { from, to }, owner);
  packFolder(packing, to, owner);
  for (const [index, name] of names.entries()) {
    // A folder of a hundred thousand files takes its time, and the rest of the server is not to wait for it.
    if (index % 20 === 0) await nextTurn();
    if (packing.tar.destroyed) return;
    await packPath(packing, { from: from === "." ? name : `${from}/${name}`, to: `${to}/${name}` }, owner);
  }
}

/** Null for what is no folder. */
function namesIn(path: string): string[] | null {
  try {
    return readdirSync(path).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return null;
    throw error;
  }
}

/** Below this a file is read at once: opening a stream for each takes ten times as long. */
const smallBytes = 256 * 1024;
const flag = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function packFile(packing: Packing, { from, to }: Way, owner: Owner): Promise<void> {
  const path = join(packing.root, from);
  const stat = lstatSync(path);
  // What is no file of a commit is neither followed nor waited for.
  if (!stat.isFile()) throw new EngineError("engine-refused", `${from} is no regular file`);
  if (packing.special.get(from) === "symbolic link") {
    // It is laid out as a file that holds where it leads.
    const linkname = readFileSync(path, { encoding: "utf8", flag });
    return write(packing, { name: to, type: "symlink", linkname, mode: 0o777 }, { owner, content: null });
  }
  const { uid, gid } = owner;
  // git knows whether a file can be run, and nothing else of its mode.
  const mode = owner.mode ?? ((stat.mode & 0o100) === 0 ? 0o644 : 0o755);
  const header = { name: to, size: stat.size, mode, uid, gid, mtime: stat.mtime };
  if (stat.size < smallBytes)
    return packContent(packing.tar, header, (entry) => entry.end(readFileSync(path, { flag })));
  await using file = await open(path, flag);
  await packContent(packing.tar, header, (entry, reject) => {
    file.createReadStream({ autoClose: false }).on("error", reject).pipe(entry);
  });
}

/** Resolves when the engine has taken it, or takes no more. */
async function packContent(
  tar: Pack,
  header: Partial<Header> & { name: string },
  send: (entry: Writable, reject: (error: Error) => void) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const entry = tar.entry(header, (error) => (error ? reject(error) : resolve()));
  // The engine may stop reading in the middle of a file.
  const stopped = () => resolve();
  tar.once("close", stopped);
  send(entry as unknown as Writable, reject);
  await promise.finally(() => tar.off("close", stopped));
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
