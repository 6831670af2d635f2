import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Removes lock files and half-written packs from the mirrors under `folder`: a git that was killed leaves them, and
 * every later fetch would stop at the lock. Only for the one that holds the state folder. Answers how many.
 */
export async function sweepMirrors(folder: string): Promise<number> {
  const mirrors = await readdir(folder).catch(() => []);
  let removed = 0;
  for (const mirror of mirrors) {
    const path = join(folder, mirror);
    const files = await readdir(path, { recursive: true });
    for (const file of files.filter(isLeftover)) {
      await rm(join(path, file), { recursive: true, force: true });
      removed++;
    }
  }
  return removed;
}

function isLeftover(file: string): boolean {
  return file.endsWith(".lock") || /(^|\/)(tmp_(pack|idx|obj|rev)_|tmp_objdir-)[^/]*$/.test(file);
}
