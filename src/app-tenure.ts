import { hostname } from "node:os";
import { clock, randomId } from "./app-outside.ts";
import type { Gateway } from "./gateway/gateway.ts";
import type { Loop } from "./reconcile/loop.ts";
import type { Store } from "./store/store.ts";
import { takeState, type Tenure } from "./store/tenure.ts";

/** How a server is started. */
export type Start = {
  version?: string;
  /** Takes over from the Mayfly that holds the state folder, which goes on serving until we listen. */
  replace?: boolean;
  /** Ends the wait for it. */
  signal?: AbortSignal;
};

/** Takes the state folder for this process. Throws InputError `state-locked`. */
export function holdState(folder: string, { version = "unknown", replace = false, signal }: Start): Promise<Tenure> {
  // oxlint-disable-next-line no-restricted-globals -- writes a timestamp of the clock's time
  const since = new Date(clock.now()).toISOString();
  const self = { id: randomId(16), pid: process.pid, host: hostname(), version, since };
  return takeState({ folder, self, replace, clock, signal: signal ?? new AbortController().signal });
}

/** How a running server gives way. */
export type Succession = {
  /** Aborted when another Mayfly asks to take over. */
  asked: AbortSignal;
  /** Gives way to it; then there is nothing left but to dispose. Throws InputError `takeover-failed`. */
  handOver(): Promise<void>;
};

type Leaving = { tenure: Tenure; gateway: Gateway; closeStreams(): void };

/** Requests under way when we stop may take this long; what starts us gives a little more (compose.yaml, the systemd unit). */
const requestsMs = 30_000;
/** WebSockets and event streams, which come back by themselves. */
const streamsMs = 5000;
/** Kept connections that a successor is to take. */
const lingerMs = 5000;

/** Stops for good: nobody takes the next request. */
export async function closeDoors({ tenure, gateway, closeStreams }: Leaving): Promise<void> {
  tenure.leaving();
  closeStreams();
  await gateway.close({ timeoutMs: requestsMs, streamsMs });
}

/**
 * Hands over to the Mayfly that asked: it reconciles from now on, we serve until it listens, and then end what is under
 * way. Throws InputError `takeover-failed`.
 */
export async function handOver(
  leaving: Leaving & { stopWork(): Promise<void>; follow(): AsyncDisposable },
): Promise<void> {
  await leaving.stopWork();
  await using _following = leaving.follow();
  const { deaf } = await leaving.tenure.handOver();
  leaving.closeStreams();
  await leaving.gateway.close({ timeoutMs: requestsMs, streamsMs, lingerMs, onDeaf: deaf });
}

type Hearing = {
  store: Pick<Store, "previews">;
  loop: Pick<Loop, "look">;
  wake(key: string): void;
  /** Brings a pull request up to date with what is so. */
  tell(key: string): void;
};

/** What went longer ago was told, or GitHub did not listen for all that time. */
const untoldMs = 24 * 3_600_000;

/**
 * Acts on what was stored and not acted on: by a process that was killed, and by the Mayfly before us once it hears
 * nothing more and once it is gone.
 */
export function hearTheRest({ predecessor }: Tenure, { store, loop, wake, tell }: Hearing): void {
  const hear = () => {
    for (const key of store.previews.unheard()) wake(key);
    for (const { key } of store.previews.list({ gone: false })) loop.look(key);
    // Nothing else looks at what is gone, and its last words may not have been said. Twice is once.
    for (const key of store.previews.goneSince(clock.now() - untoldMs)) tell(key);
  };
  hear();
  for (const end of [predecessor.deaf, predecessor.gone]) void end.then(hear);
}
