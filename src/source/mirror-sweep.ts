import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../domain/time.ts";

/** A file of Git LFS that no checkout had for so long is fetched anew. */
const keptMs = 14 * 86_400_000;

/**
 * Removes lock files and half-written packs from the mirrors under `folder`: a git that was killed leaves them, and
 * every later fetch would stop at the lock. Files of Git LFS go when nobody used them
 * for two weeks. Only for the one that holds the state folder. Answers how many.
 */
export async function sweepMirrors(folder: string, clock: Pick<Clock, "now">): Promise<number> {
  const mirrors = await readdir(folder).catch(() => []);
  let removed = 0;
  for (const mirror of mirrors) {
    const path = join(folder, mirror);
    const files = await readdir(path, { recursive: true });
    for (const file of files) {
      if (!isLeftover(file) && !(await isUnused(join(path, file), file, clock))) continue;
      await rm(join(path, file), { recursive: true, force: true });
      removed++;
    }
  }
  return removed;
}

function isLeftover(file: string): boolean {
  return file.endsWith(".lock") || /(^|\/)(tmp_(pack|idx|obj|rev)_|tmp_objdir-)[^/]*$/.test(file);
}

async function isUnused(path: string, file: string, clock: Pick<Clock, "now">): Promise<boolean> {
  if (!/^lfs\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(file)) return false;
  return (await stat(path)).mtimeMs < clock.now() - keptMs;
}
