import type { Comment, Heard, Intent } from "../domain/intent.ts";
import { previewKey } from "../domain/naming.ts";
import type { Preview, PullRequest, Repository } from "../domain/preview.ts";
import type { Clock } from "../domain/time.ts";
import type { Verb } from "../domain/verbs.ts";
import { readSaid } from "./said.ts";

/** What intake needs of the store. */
export type IntakeStore = {
  commitSoon<T>(work: () => T): Promise<T>;
  recordDelivery(id: { hookId: string; delivery: string; event: string; bodyHash: string }, now: number): boolean;
  ensurePreview(pull: { repositoryId: number; repository: string; number: number }, now: number): Preview;
  findPreview(key: string): Preview | null;
  hint(key: string, pull: PullRequest): void;
  /** Remembers that the forge said so; answers the previews that are or may be there. */
  sayRepositoryGone(repositoryId: number, now: number): string[];
  /** Remembers up to where a repository's comments were heard. */
  rememberHeard(repositoryId: number, heard: Heard): void;
  addRequest(request: {
    preview: string;
    repository: string;
    number: number;
    verb: Verb | "misspelled";
    argument: string | null;
    author: string;
    commentId: number;
    receivedAt: number;
  }): void;
};

export type Intake = ReturnType<typeof createIntake>;

type Delivery = { hookId: string; delivery: string; event: string; bodyHash: string };
type Submitted = { status: "accepted" | "duplicate" | "ignored"; reason: string };

/**
 * The one door for wishes: an intent becomes rows in one durable transaction, and only then the loop is woken, with a
 * key and nothing else.
 */
export function createIntake(world: {
  store: IntakeStore;
  clock: Clock;
  isOurs(repository: string): boolean;
  wake(key: string): void;
  resync(): void;
}) {
  const { store, clock } = world;

  /** Answers the previews that it is about. */
  const write = (intent: Intent, now: number): string[] => {
    switch (intent.kind) {
      case "resync":
        return [];
      case "repository-gone":
        return store.sayRepositoryGone(intent.repositoryId, now);
      case "pull":
        return writePull(store, intent.pull, now);
      default:
        return [writeRequest(store, intent, now)];
    }
  };

  return {
    /**
     * What somebody with a token says should be; answers the preview's key once it is written. `pull` is asked within the
     * transaction.
     */
    async take(pull: () => PullRequest): Promise<string | null> {
      const [key] = await store.commitSoon(() => writePull(store, pull(), clock.now()));
      if (key !== undefined) world.wake(key);
      return key ?? null;
    },

    /** A verified event. A duplicate writes nothing, and wakes the loop all the same: the first may have been cut short. */
    async submit(intent: Intent, delivery: Delivery): Promise<Submitted> {
      const repository = repositoryOf(intent);
      if (repository !== null && !world.isOurs(repository)) {
        return { status: "ignored", reason: `${repository} is not among the repositories of server.yaml` };
      }
      const now = clock.now();
      const outcome = await store.commitSoon(() => {
        const isNew = store.recordDelivery(delivery, now);
        return { isNew, keys: isNew ? write(intent, now) : keysOf(intent) };
      });
      for (const key of outcome.keys) world.wake(key);
      if (intent.kind === "resync") world.resync();
      return outcome.isNew
        ? { status: "accepted", reason: reasonOf(intent) }
        : { status: "duplicate", reason: "this delivery was received before" };
    },

    /** What was read from a repository's comments, and up to where: found again, or told by an event too, it counts once. */
    async hear(repository: Repository, comments: readonly Comment[], heard: Heard): Promise<void> {
      const where = { repositoryId: repository.id, repository: repository.name };
      const intents = comments.map((comment) => readSaid(where, comment)).filter((intent) => intent.kind !== "ignored");
      const keys = await store.commitSoon(() => {
        store.rememberHeard(repository.id, heard);
        return intents.flatMap((intent) => write(intent, clock.now()));
      });
      for (const key of new Set(keys)) world.wake(key);
    },
  };
}

function writePull(store: IntakeStore, pull: PullRequest, now: number): string[] {
  const key = previewKey(pull.repositoryId, pull.number);
  // A closed pull request we never served leaves no row behind.
  if (!pull.open && store.findPreview(key) === null) return [];
  store.ensurePreview(pull, now);
  store.hint(key, pull);
  return [key];
}

function writeRequest(
  store: IntakeStore,
  intent: Extract<Intent, { kind: "command" | "misspelled" }>,
  now: number,
): string {
  const { key } = store.ensurePreview(intent.request, now);
  const { repository, number, author, commentId } = intent.request;
  const said =
    intent.kind === "command"
      ? { verb: intent.request.verb, argument: intent.request.argument }
      : { verb: "misspelled" as const, argument: `${intent.said} ${intent.meant}` };
  store.addRequest({ preview: key, repository, number, author, commentId, receivedAt: now, ...said });
  return key;
}

function repositoryOf(intent: Intent): string | null {
  if (intent.kind === "resync") return null;
  if (intent.kind === "repository-gone") return intent.repository;
  return intent.kind === "pull" ? intent.pull.repository : intent.request.repository;
}

function keysOf(intent: Intent): string[] {
  if (intent.kind === "resync" || intent.kind === "repository-gone") return [];
  const about = intent.kind === "pull" ? intent.pull : intent.request;
  return [previewKey(about.repositoryId, about.number)];
}

function reasonOf(intent: Intent): string {
  switch (intent.kind) {
    case "pull":
      return `pull request ${intent.action}`;
    case "command":
      return `command /${intent.request.verb}`;
    case "misspelled":
      return `command /${intent.said}, nearly /${intent.meant}`;
    case "repository-gone":
      return "repository deleted";
    case "resync":
      return intent.reason;
  }
}
