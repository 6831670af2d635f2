import type { Logger } from "pino";
import { RemoteError } from "../domain/errors.ts";
import type { Comment, Heard } from "../domain/intent.ts";
import { previewKey } from "../domain/naming.ts";
import type { Preview, PullRequest, Repository } from "../domain/preview.ts";
import type { Forge } from "./ports.ts";

export type ResyncWorld = {
  forge: Pick<Forge, "listOpenPulls" | "readRepository" | "listenTo">;
  /** Every repository we know of or are told to serve; the id of one that nothing told of is not known yet. */
  repositories(): Promise<{ name: string; id: number | null }[]>;
  nameRepository(repository: Repository): void;
  /** Makes the row of a pull request that no event told us of. */
  meet(pull: PullRequest): void;
  live(): Preview[];
  /** Its row, also when nothing of it is there any more. */
  find(key: string): Preview | null;
  /** Reads the pull request itself, then brings the preview to its wish. */
  wake(key: string): void;
  /** Only brings it to its wish. */
  look(key: string): void;
  heardOf(repositoryId: number): Heard | null;
  /** Takes in what people said; twice is once. */
  hear(repository: Repository, comments: Comment[], heard: Heard): Promise<void>;
  log: Logger;
};

/** A forge that is down is not asked about every repository. */
const silencesTaken = 2;

/**
 * Compares with the forge: every open pull request has its row, what people said is heard, and each preview whose pull
 * request is another than we know (when `thorough`, every one) is looked at. A quiet repository costs two calls, which
 * GitHub answers with 304. Answers the ids of the repositories that were read whole, since only of those it is known
 * which previews are orphans.
 */
export async function resync(world: ResyncWorld, { thorough }: { thorough: boolean }): Promise<Set<number>> {
  const live = new Map(world.live().map((preview) => [preview.key, preview]));
  const open = new Map<string, PullRequest>();
  const readWhole = new Set<number>();
  let silences = 0;
  for (const { name, id } of await world.repositories()) {
    if (silences === silencesTaken || (id !== null && readWhole.has(id))) continue;
    const read = await readOne({ name, id }, world);
    silences = read === "silence" ? silences + 1 : 0;
    if (typeof read === "string") continue;
    readWhole.add(read.id);
    for (const pull of read.pulls) open.set(previewKey(pull.repositoryId, pull.number), pull);
  }
  for (const [key, pull] of open) {
    world.meet(pull);
    if (thorough || isNews(pull, world.find(key))) world.wake(key);
    else world.look(key);
  }
  for (const [key, { repositoryId }] of live) {
    if (open.has(key)) continue;
    if (thorough || readWhole.has(repositoryId)) world.wake(key);
    else world.look(key);
  }
  world.log.info({ previews: live.size, repositories: readWhole.size, thorough }, "resync");
  return readWhole;
}

/** Whether it is another than we know; one that we were not let see for a while is. */
function isNews(pull: PullRequest, known: Preview | null): boolean {
  return known?.spec.reason === "repository-gone" || JSON.stringify(known?.spec.pull) !== JSON.stringify(pull);
}

type Read = { id: number; pulls: PullRequest[] };

/** One repository's open pull requests, and what was said there; why not, when the forge does not tell. */
async function readOne(
  about: { name: string; id: number | null },
  world: ResyncWorld,
): Promise<Read | "silence" | "refusal"> {
  const { forge, log } = world;
  try {
    const repository = about.id === null ? await forge.readRepository(about.name) : { name: about.name, id: about.id };
    if (about.id === null) {
      world.nameRepository(repository);
      if (repository.name.toLowerCase() !== about.name.toLowerCase())
        log.warn({ repository: about.name, now: repository.name }, "a repository of server.yaml has another name now");
    }
    const pulls = await forge.listOpenPulls(repository.name);
    // Before what was said is heard: a command finds the pull request that it is about.
    for (const pull of pulls) world.meet(pull);
    await listen(repository, world);
    return { id: repository.id, pulls: pulls.filter((pull) => pull.repositoryId === repository.id) };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    log.warn({ repository: about.name, code: error.code, hint: error.hint, err: error }, "resync skipped a repository");
    return error.code === "forge-unreachable" ? "silence" : "refusal";
  }
}

/** What cannot be heard now keeps nothing else from being read. */
async function listen(repository: Repository, { forge, heardOf, hear, log }: ResyncWorld): Promise<void> {
  const before = heardOf(repository.id);
  try {
    const { comments, heard } = await forge.listenTo(repository.name, before);
    if (before?.since !== heard.since || before.lastId !== heard.lastId) await hear(repository, comments, heard);
  } catch (error) {
    if (!(error instanceof RemoteError) || error.code === "forge-unreachable") throw error;
    log.warn({ repository: repository.name, code: error.code, err: error }, "comments cannot be read");
  }
}
