import { byItself, type Asker, type AuditNote } from "../../domain/audit.ts";
import { describeFailure, EngineError, type Failure } from "../../domain/errors.ts";
import { editionVolumeName } from "../../domain/naming.ts";
import { describeWish, type Edition, type EditionWish, type Source, type SourceRead } from "../../domain/source.ts";
import { formatSpan } from "../../domain/time.ts";
import { allow } from "../../engine/docker.ts";
import { limitBuild } from "../../engine/build-limits.ts";
import type { Disk } from "../../engine/disk.ts";
import { createJobs, type Job, type Jobs, type Subscriber } from "../../engine/jobs.ts";
import type { DataHost } from "../data-host.ts";
import { discardEdition, makeEdition, openEdition } from "./edition.ts";
import type { SourcePlace } from "./read-source.ts";

/** What the store keeps of editions; each write with what the audit is told of it. */
export type EditionRows = {
  publish(edition: Omit<Edition, "builtAt" | "usedAt" | "replacedAt">, told: AuditNote): void;
  fail(source: string, failure: SourceRead["failure"], told: AuditNote): void;
  /** Something is loaded from it. */
  use(volume: string): void;
  forget(volume: string): void;
  /** Newest first. */
  all(): Edition[];
};

/** `isNews`: the subscriber was not told so before. */
export type EditionOutcome =
  | { state: "ready"; edition: Edition; isNews: boolean }
  | { state: "building"; isNews: boolean }
  | { state: "failed"; failure: Failure };

/** Of how many databases' versions pull requests may have a source read, where the operator names none. */
const mostImages = 3;

/** Why an edition is made, and who wants it. */
export type EditionCause = { cause: string; asker: Asker };

export type Editions = AsyncDisposable &
  Pick<Jobs<never>, "release"> & {
    /** The edition that is loaded now; null when there is none. */
    find(key: string): Promise<Edition | null>;
    /** Asks for an edition and says where it stands, as `SnapshotJobs.request` does. */
    request(wish: EditionWish, subscriber: Subscriber): Promise<EditionOutcome>;
    /** Makes a new one although there is one; answers why that did not succeed, or null. */
    renew(wish: EditionWish, why: EditionCause): Promise<Failure | null>;
    open(edition: Edition, signal: AbortSignal): ReturnType<typeof openEdition>;
    /** What is being read just now. */
    underWay(): EditionWish[];
    /** Removes what nobody loads any more, and what an interrupted reading left: all of it, but what is under way. */
    sweep(isWanted: (edition: Edition) => boolean): Promise<void>;
    isEdition(volume: string): boolean;
    /** Whether it is being made or loaded just now, by the name of its volume. */
    isInUse(volume: string): boolean;
  };

export type EditionOptions = DataHost & {
  sources: readonly Source[];
  rows: EditionRows;
  place: SourcePlace;
  /** What it may not fill, as previews' databases are on it (without one, none is looked at). */
  disk: Disk | undefined;
  masking: {
    /** Who has it could test guesses of what was masked. */
    salt: string;
    /** What a database that masks may take. */
    memoryBytes: number;
    /** The id of an image that the operator names, pulled where it is not there. Throws EngineError `image-unavailable`. */
    imageOf(reference: string, signal: AbortSignal): Promise<string>;
  };
  /** A preview that waited for one may go on. */
  onEnd(previewKey: string): void;
  /** A source was read, or was not. */
  onRead(source: string, failure: Failure | null): void;
};

type Making = { wish: EditionWish; source: Source; volume: string; why: EditionCause };

/** Reads sources, one job an edition: of all that ask at the same time only the first has it read. */
export function createEditions(options: EditionOptions): Editions {
  const { docker, server, sources, rows, randomId } = options;
  const jobs = createJobs<Making>({
    ...options,
    kind: "source",
    parallel: 1,
    describe: ({ wish, volume }) => ({ source: wish.source, edition: volume }),
    run: (job) => makeWithin(options, job),
  });
  const making = (wish: EditionWish, why: EditionCause) => (): Making => {
    const source = sources.find(({ name }) => name === wish.source);
    if (source === undefined) throw new TypeError(`${wish.source} is no source`);
    return { wish, source, volume: editionVolumeName(server, wish.source, randomId(8)), why };
  };
  /** How often each is open. */
  const open = new Map<string, number>();
  const count = (volume: string, by: number) => void open.set(volume, (open.get(volume) ?? 0) + by);
  const isInUse = (volume: string): boolean =>
    (open.get(volume) ?? 0) > 0 || jobs.all().some(({ work }) => work.volume === volume);

  return {
    ...jobs,
    find,
    isInUse,
    isEdition: (volume) => rows.all().some((each) => each.volume === volume),
    async request(wish, subscriber) {
      const told = jobs.takeEnd(wish.key, subscriber);
      if (told?.failure) return { state: "failed", failure: told.failure };
      const edition = await find(wish.key);
      if (edition) return { state: "ready", edition, isNews: told !== null };
      refuseMore(wish);
      const why = { cause: `for preview ${subscriber.preview}`, asker: byItself };
      return { state: "building", isNews: jobs.join(wish.key, subscriber, making(wish, why)) };
    },
    renew: (wish, why) => jobs.wait(wish.key, making(wish, why)),
    async open(edition, signal) {
      // A sweep that ran since it was found has forgotten it, and the engine would make an empty volume of its name; one
      // that runs from here on spares it.
      if (rows.all().every(({ volume }) => volume !== edition.volume)) throw goneMeanwhile(edition);
      rows.use(edition.volume);
      count(edition.volume, 1);
      const opened = await openEdition(options, edition, signal).catch((error: unknown) => {
        count(edition.volume, -1);
        throw error;
      });
      return {
        content: opened.content,
        [Symbol.asyncDispose]: async () => {
          await opened[Symbol.asyncDispose]();
          count(edition.volume, -1);
        },
      };
    },
    underWay: () => jobs.all().map(({ work }) => work.wish),
    async sweep(isWanted) {
      for (const edition of rows.all()) {
        if ((edition.replacedAt === null && isWanted(edition)) || isInUse(edition.volume)) continue;
        rows.forget(edition.volume);
        await discardEdition(options, edition.volume);
      }
    },
  };

  /** Each is a reading of what the source reads, and each night another one. */
  function refuseMore({ source: name, image }: EditionWish): void {
    if (image === null || sources.find((each) => each.name === name)?.image !== null) return;
    const known = rows.all().filter(({ replacedAt }) => replacedAt === null);
    const wishes = [...known, ...jobs.all().map(({ work }) => work.wish)].filter((each) => each.source === name);
    const images = new Set(wishes.flatMap((each) => each.image ?? []));
    if (images.has(image) || images.size < mostImages) return;
    const what = `the source ${name} is read for ${[...images].toSorted().join(", ")} already, and for no more databases`;
    throw new EngineError("source-failed", `${what}: not for ${image}`, {
      hint: `The operator names one that all of them can load: sources: { ${name}: { image: ${image} } }.`,
    });
  }

  async function find(key: string): Promise<Edition | null> {
    const edition = rows.all().find((each) => each.key === key && each.replacedAt === null) ?? null;
    if (edition === null || (await allow(docker.getVolume(edition.volume).inspect(), 404))) return edition;
    // Somebody removed it: it is made again when it is needed again.
    rows.forget(edition.volume);
    return null;
  }
}

/** One reading, from the first byte to its row, or to the end of its time; told in the audit however it ends. */
async function makeWithin(options: EditionOptions, { work, cancel }: Job<Making>): Promise<void> {
  const { rows, clock, place, masking, onRead } = options;
  const { wish, source, volume, why } = work;
  const startedAt = clock.now();
  using limits = limitBuild({
    ...options,
    timeoutMs: source.timeoutMs,
    what: `the source ${source.name} was being read`,
  });
  const limit = limits.signal;
  const note = (outcome: AuditNote["outcome"], detail: string): AuditNote => ({
    ...why.asker,
    action: "source-read",
    preview: null,
    outcome,
    detail: `${describeWish(wish)}, ${why.cause}: ${detail}`.slice(0, 300),
  });
  try {
    const signal = AbortSignal.any([cancel.signal, limit]);
    const ground = wish.image === null ? null : { ...masking, imageId: await masking.imageOf(wish.image, signal) };
    const facts = await makeEdition(options, { source, wish, volume, place, ground }, signal);
    if (cancel.signal.aborted) return await discardEdition(options, volume);
    const edition = { ...wish, volume, facts, cause: why.cause, tookMs: clock.now() - startedAt };
    rows.publish(edition, note("done", `edition ${volume}`));
    onRead(wish.source, null);
  } catch (error) {
    if (cancel.signal.aborted) throw error;
    const known = limit.aborted ? endedBy(limit.reason, source) : error;
    const failure = describeFailure(known);
    rows.fail(source.name, { ...failure, words: wordsOf(known) }, note("failed", failure.what));
    onRead(wish.source, failure);
    throw known;
  }
}

/** A full disk says so itself; else its time was over. */
function endedBy(reason: unknown, { name, timeoutMs }: Source): EngineError {
  if (reason instanceof EngineError) return reason;
  return new EngineError(
    "source-failed",
    `the source ${name} gave no data: it was not done after ${formatSpan(timeoutMs)}`,
  );
}

function goneMeanwhile({ source }: Edition): EngineError {
  return new EngineError("source-failed", `an edition of ${source} was replaced meanwhile`, { retry: "backoff" });
}

/** What a command or a database said: for the operator alone. */
function wordsOf(error: unknown): string | null {
  const cause = error instanceof EngineError ? error.cause : undefined;
  return cause instanceof Error ? cause.message.slice(0, 2000) : null;
}
