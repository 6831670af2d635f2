import { chmod, copyFile, link, mkdir, rm, rename, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SourceError } from "../domain/errors.ts";
import type { Clock, RandomId } from "../domain/time.ts";
import { createLfsServer } from "./lfs-server.ts";
import type { LfsObject } from "./lfs-pointer.ts";
import type { TokenOf } from "./token.ts";
import { createTurns } from "./turns.ts";

/** A file of a commit that Git LFS keeps elsewhere, by its path in the repository. */
export type LfsFile = LfsObject & { path: string };

export type LfsOptions = { webUrl: string; token: TokenOf; randomId: RandomId; clock: Clock; timeoutMs: number };

/** Lays out files of Git LFS below `root` in place of their pointers. */
export type LayOutObjects = (
  root: string,
  files: readonly LfsFile[],
  from: { repository: string; mirror: string; signal?: AbortSignal | undefined },
) => Promise<void>;

/** The forge's server is asked for so many in one call, and so many are fetched at once. */
const [batchSize, atOnce] = [100, 4];

/**
 * Files of Git LFS, fetched from the forge's own server, without git-lfs, and kept beside the mirror by their hash: an
 * object that is there is not fetched again. Throws SourceError `lfs-failed`, `git-refused`.
 */
export function createLfs(options: LfsOptions): LayOutObjects {
  const { randomId, clock, timeoutMs } = options;
  const server = createLfsServer(options);
  const takeTurn = createTurns();

  return async (root, files, { repository, mirror, signal }) => {
    if (files.length === 0) return;
    const objects = new Map(files.map((file) => [file.oid, file]));
    await takeTurn(mirror, signal, async () => {
      const missing = await filterAsync([...objects.values()], async (file) => !(await isThere(mirror, file)));
      const deadline = AbortSignal.timeout(timeoutMs);
      const within = signal ? AbortSignal.any([signal, deadline]) : deadline;
      for (const batch of chunks(missing, batchSize)) await fetchBatch(batch, { repository, mirror, signal: within });
    }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
    for (const file of files) await putInPlace(cachePath(mirror, file.oid), join(root, file.path));
  };

  async function fetchBatch(
    files: readonly LfsFile[],
    { repository, mirror, signal }: { repository: string; mirror: string; signal: AbortSignal },
  ): Promise<void> {
    const downloads = await server.locate(repository, files, signal);
    for (const some of chunks(downloads, atOnce))
      await Promise.all(
        some.map(async (download) => {
          const target = cachePath(mirror, download.file.oid);
          // Named as git names its own temporary files, which the sweep at start knows.
          const temporary = join(dirname(target), `tmp_obj_${randomId(16)}`);
          await mkdir(dirname(target), { recursive: true });
          try {
            await server.download(download, temporary, signal);
            await rename(temporary, target);
          } finally {
            await rm(temporary, { force: true });
          }
        }),
      );
  }

  /** Marks it as used, too: what is not for long is removed (`mirror-sweep.ts`). */
  async function isThere(mirror: string, { oid, size, path }: LfsFile): Promise<boolean> {
    const at = cachePath(mirror, oid);
    // What cannot be looked at is fetched again, and writing it there tells what is wrong with the place.
    const found = await stat(at).catch(() => null);
    if (found === null) return false;
    if (found.size !== size)
      throw new SourceError("lfs-failed", `${path}: its pointer says ${size} bytes, and its content has ${found.size}`);
    await utimes(at, clock.now() / 1000, clock.now() / 1000);
    return true;
  }
}

function cachePath(mirror: string, oid: string): string {
  return join(mirror, "lfs", oid.slice(0, 2), oid);
}

/** Without a second copy where it can be: nothing ever writes into a checkout. */
async function putInPlace(from: string, to: string): Promise<void> {
  const isProgram = ((await stat(to)).mode & 0o100) !== 0;
  if (isProgram) {
    await copyFile(from, to);
    return chmod(to, 0o755);
  }
  await rm(to);
  await link(from, to);
}

async function filterAsync<T>(items: readonly T[], keeps: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept: T[] = [];
  for (const item of items) if (await keeps(item)) kept.push(item);
  return kept;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
