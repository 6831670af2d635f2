import type { Logger } from "pino";
import { RemoteError } from "../domain/errors.ts";
import { previewKey } from "../domain/naming.ts";
import type { Preview, PullRequest } from "../domain/preview.ts";
import type { Forge } from "./ports.ts";

export type ResyncWorld = {
  forge: Pick<Forge, "listOpenPulls">;
  /** Every repository we know of or are told to serve; the id of one that no event told of is not known yet. */
  repositories(): { name: string; id: number | null }[];
  /** Makes the row of a pull request that no event told us of. */
  meet(pull: PullRequest): void;
  live(): Preview[];
  wake(key: string): void;
  log: Logger;
};

/**
 * Compares with the forge: every open pull request has its row, every preview is looked at. Answers the ids of the
 * repositories that were read whole, since only of those it is known which previews are orphans.
 */
export async function resync(world: ResyncWorld): Promise<Set<number>> {
  const readWhole = new Set<number>();
  const keys = new Set(world.live().map((preview) => preview.key));
  const idOf = new Map<string, number | null>();
  for (const { name, id } of world.repositories()) idOf.set(name, id ?? idOf.get(name) ?? null);
  for (const [repository, known] of idOf) {
    const pulls = await listOpen(repository, world);
    if (pulls === null) continue;
    for (const pull of pulls) {
      world.meet(pull);
      keys.add(previewKey(pull.repositoryId, pull.number));
    }
    const id = pulls[0]?.repositoryId ?? known;
    if (id !== null) readWhole.add(id);
  }
  for (const key of keys) world.wake(key);
  world.log.info({ previews: keys.size, repositories: readWhole.size }, "resync");
  return readWhole;
}

async function listOpen(repository: string, { forge, log }: ResyncWorld): Promise<PullRequest[] | null> {
  try {
    return await forge.listOpenPulls(repository);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    log.warn({ repository, code: error.code, err: error }, "resync skipped a repository");
    return null;
  }
}
