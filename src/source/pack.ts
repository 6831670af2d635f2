import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { InputError } from "../domain/errors.ts";
import type { RandomId } from "../domain/time.ts";
import { type Git, GitExit } from "./git.ts";
import { createTurns } from "./turns.ts";

/** A pack somebody sends may be this large. */
const limitBytes = 1024 ** 3;

export type TakePack = (
  pack: AsyncIterable<Uint8Array>,
  into: { repositoryId: number; commit: string },
) => Promise<void>;

/**
 * Takes a commit's objects (a git packfile, gitformat-pack(5)) into a repository's mirror under `folder`. git checks the
 * pack's sum and every object in it, and does not see a pack before its index is there, so that half of one never counts.
 * The commit's parents need not come: only its tree is ever laid out. Throws InputError `body-invalid`, `body-too-large`.
 */
export function createPackTaker(options: { folder: string; git: Git; randomId: RandomId }): TakePack {
  const { folder, git, randomId } = options;
  const takeTurn = createTurns();
  return async (pack, { repositoryId, commit }) => {
    if (!/^[0-9a-f]{40}$/.test(commit)) throw new InputError("body-invalid", "a commit is 40 hexadecimal digits");
    const mirror = join(folder, `${repositoryId}.git`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Two at once stand in each other's way.
    await takeTurn(mirror, undefined, () => git(["init", "--quiet", "--bare", mirror]));
    const packs = join(mirror, "objects", "pack");
    const id = randomId(16);
    // Named as git names its own temporary files, which the sweep at start knows.
    const [file, index] = [join(packs, `tmp_pack_${id}.pack`), join(packs, `tmp_idx_${id}.idx`)];
    try {
      await pipeline(pack, limited, createWriteStream(file));
      await git(["index-pack", "--fsck-objects", "-o", index, file], { timeoutMs: 300_000 });
      await rename(file, join(packs, `pack-${id}.pack`));
      await rename(index, join(packs, `pack-${id}.idx`));
      await git(["--git-dir", mirror, "cat-file", "-e", `${commit}^{tree}`]);
    } catch (error) {
      await Promise.all([file, index].map((path) => rm(path, { force: true })));
      if (!(error instanceof GitExit)) throw error;
      throw new InputError("body-invalid", `what was sent is no whole pack of ${commit.slice(0, 7)}`, {
        cause: error,
        hint: "Send it again: `mayfly up`.",
      });
    }
  };
}

async function* limited(pack: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of pack) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limitBytes)
      throw new InputError("body-too-large", "the directory is larger than 1 GiB when packed", {
        hint: "Leave out what the preview does not need: list it in .gitignore.",
      });
    yield chunk;
  }
}
