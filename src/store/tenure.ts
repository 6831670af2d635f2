import { mkdirSync } from "node:fs";
import { InputError } from "../domain/errors.ts";
import type { Clock } from "../domain/time.ts";
import {
  askToSucceed,
  describeHolder,
  forgetSuccessor,
  type Holder,
  readHolder,
  readSuccessor,
  writeHolder,
} from "./holder.ts";
import { reconcilerLock, tryLock } from "./lock.ts";

export type TenureOptions = {
  folder: string;
  /** Who we are; `phase` is ours to say. */
  self: Omit<Holder, "phase">;
  /** Ask the Mayfly that holds the folder to hand over, instead of giving up. */
  replace: boolean;
  clock: Clock;
  /** Ends the wait for a holder. */
  signal: AbortSignal;
};

export type Tenure = AsyncDisposable & {
  /** Aborted when another Mayfly asks to take over. */
  readonly asked: AbortSignal;
  /** The Mayfly before us, where it still serves: `deaf` when nothing new can be said to it, `gone` when all it was doing has ended. */
  readonly predecessor: { readonly deaf: Promise<void>; readonly gone: Promise<void> };
  /** Says that we listen, so that the predecessor may stop. */
  listening(): void;
  /** Says that we stop: who starts now waits for us. */
  leaving(): void;
  /**
   * Lets the successor reconcile while we go on serving; resolves when it listens, and the answer's `deaf` says that we
   * hear nothing more. Throws InputError `takeover-failed` when it ended before it listened.
   */
  handOver(): Promise<{ deaf(): void }>;
};

const lookMs = 200;
/** A holder that stops lets its requests end, which takes its own deadlines and a little more. */
const patienceMs = 90_000;
/** The successor takes a free lock within a look; one that is free for so long has lost its taker. */
const abandonedMs = 5000;

/**
 * Takes the state folder for one reconciler: waits for a holder that is stopping, and with `replace` asks it to.
 * Throws InputError `state-locked`, which says who holds it and since when.
 */
export async function takeState(options: TenureOptions): Promise<Tenure> {
  const { folder, self } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = await acquire(options);
  forgetSuccessor(folder);
  let isOurs = true;
  const say = (phase: Holder["phase"]) => {
    if (isOurs) writeHolder(folder, { ...self, phase });
  };
  say("starting");

  const closed = new AbortController();
  const asked = new AbortController();
  const [deaf, gone] = [deafLock, goneLock].map((name) => isFree(name, options, closed.signal));
  const predecessor = { deaf: deaf ?? Promise.resolve(), gone: gone ?? Promise.resolve() };
  // Asked while our own predecessor still serves, we would be two to wait for.
  const watching = predecessor.gone
    .then(() => watchForSuccessor(options, closed.signal))
    .then(() => asked.abort())
    .catch((error: unknown) => {
      if (!closed.signal.aborted) throw error;
    });

  const held = new DisposableStack();
  held.use(lock);
  return {
    asked: asked.signal,
    predecessor,
    listening: () => say("listening"),
    leaving: () => say("leaving"),
    async handOver() {
      const hearing = held.use(tryLock(folder, deafLock));
      held.use(tryLock(folder, goneLock));
      isOurs = false;
      lock[Symbol.dispose]();
      await isSucceeded(options);
      return { deaf: () => hearing?.[Symbol.dispose]() };
    },
    async [Symbol.asyncDispose]() {
      closed.abort(new DOMException("Mayfly is stopping", "AbortError"));
      await watching;
      held.dispose();
    },
  };
}

const deafLock = "hearing.db";
const goneLock = "serving.db";

async function acquire({ folder, self, replace, clock, signal }: TenureOptions): Promise<Disposable> {
  const deadline = clock.now() + patienceMs;
  for (;;) {
    const lock = tryLock(folder, reconcilerLock);
    if (lock !== null) return lock;
    const isLeaving = readHolder(folder)?.phase === "leaving";
    const isLate = clock.now() > deadline;
    if (isLate || signal.aborted) forgetSuccessor(folder);
    signal.throwIfAborted();
    if (isLate || !(replace || isLeaving)) {
      const wait = isLate ? `, and it did not go within ${patienceMs / 1000} s` : "";
      throw new InputError("state-locked", `${folder} is in use by ${describeHolder(folder)}${wait}`);
    }
    if (replace && !isLeaving && readSuccessor(folder) !== self.id) askToSucceed(folder, self.id);
    await clock.sleep(lookMs, signal).catch(() => {
      // Told to stop: seen right above.
    });
  }
}

async function isFree(name: string, { folder, clock }: TenureOptions, signal: AbortSignal): Promise<void> {
  for (;;) {
    using lock = tried(() => tryLock(folder, name));
    if (lock !== null || signal.aborted) return;
    await clock.sleep(lookMs, signal).catch(() => {
      // We stop before our predecessor did: nothing waits for it any more.
    });
  }
}

async function watchForSuccessor({ folder, clock }: TenureOptions, signal: AbortSignal): Promise<void> {
  while (tried(() => readSuccessor(folder)) === null) await clock.sleep(lookMs, signal);
}

async function isSucceeded({ folder, self, clock }: TenureOptions): Promise<void> {
  let freeSince = clock.now();
  for (;;) {
    const holder = tried(() => readHolder(folder));
    if (holder !== null && holder.id !== self.id && holder.phase === "listening") return;
    using lock = tried(() => tryLock(folder, reconcilerLock));
    if (lock === null) freeSince = clock.now();
    if (clock.now() - freeSince > abandonedMs) {
      throw new InputError("takeover-failed", "the Mayfly that asked to take over ended before it listened");
    }
    lock?.[Symbol.dispose]();
    await clock.sleep(lookMs);
  }
}

/** Null also where a look fails, as it does without a free file descriptor: while we serve, another look follows. */
function tried<T>(look: () => T | null): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
