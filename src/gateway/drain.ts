import type { Clock } from "../domain/time.ts";

type UseKind = "request" | "stream" | "websocket";

/** Why nobody answers here any more: another version does, or nobody for now. */
export type Parting = "replaced" | "away";

/** One request, event stream or WebSocket under way. `kind` may change: a request becomes a stream when its answer says so. */
export type Use = {
  kind: UseKind;
  /** Tells a client that comes back by itself to do so now; a request goes on. */
  readonly leave: (why: Parting) => void;
  readonly cut: () => void;
};

/** How a drain ended: how many were still under way at the deadline and were ended by us. */
export type Drained = { readonly cut: Readonly<Record<UseKind, number>> };

export type DrainOptions = { readonly timeoutMs: number; readonly clock: Clock; readonly signal?: AbortSignal };

export type Drain = {
  /** Counts a use from this moment; the returned function ends it, once. Call it in the same tick as the lookup of the route. */
  readonly begin: (key: string, use: Use) => () => void;
  readonly count: (key: string, kind?: UseKind) => number;
  /** Resolves when no request is under way for `key`, at the latest after `timeoutMs`; with `cut`, ends whatever is open then. */
  readonly quiet: (key: string, options: DrainOptions & { readonly cut: boolean }) => Promise<void>;
  /**
   * Tells WebSockets and event streams to come back to whoever answers now. Resolves when nothing is under way for `key`, at the latest after
   * `timeoutMs`, when the rest is cut. Rejects only when `signal` aborts.
   */
  readonly drained: (key: string, options: DrainOptions) => Promise<Drained>;
  /** Ends all WebSockets and event streams, of every key. */
  readonly cutLong: () => void;
};

/** Counts what is under way per generation, so that a container is removed only when nobody is being served by it. */
export function createDrain(): Drain {
  const underWay = new Map<string, Set<Use>>();
  const waiting = new Map<string, Set<() => void>>();

  function end(key: string, use: Use): void {
    const uses = underWay.get(key);
    if (uses?.delete(use) !== true) return;
    if (uses.size === 0) underWay.delete(key);
    for (const isOver of waiting.get(key) ?? []) isOver();
  }

  function countOf(key: string, kind?: UseKind): number {
    const uses = [...(underWay.get(key) ?? [])];
    return kind === undefined ? uses.length : uses.filter((use) => use.kind === kind).length;
  }

  return {
    begin(key, use) {
      const uses = underWay.get(key) ?? new Set();
      underWay.set(key, uses.add(use));
      return () => end(key, use);
    },
    count: (key, kind) => countOf(key, kind),
    async quiet(key, options) {
      const isOver = () => countOf(key, "request") === 0;
      if (options.cut) for (const use of underWay.get(key) ?? []) if (use.kind !== "request") partFrom(use);
      if (!isOver()) await settled(waiting, key, { ...options, isOver });
      if (options.cut) for (const use of underWay.get(key) ?? []) use.cut();
    },
    async drained(key, options) {
      const isOver = () => countOf(key) === 0;
      if (isOver()) return { cut: { request: 0, stream: 0, websocket: 0 } };
      for (const use of underWay.get(key) ?? []) use.leave("replaced");
      await settled(waiting, key, { ...options, isOver });
      const cut = { request: 0, stream: 0, websocket: 0 };
      for (const use of underWay.get(key) ?? []) {
        cut[use.kind] += 1;
        use.cut();
      }
      return { cut };
    },
    cutLong() {
      for (const uses of underWay.values()) for (const use of uses) if (use.kind !== "request") partFrom(use);
    },
  };
}

function partFrom(use: Use): void {
  use.leave("away");
  use.cut();
}

/** Waits until it is over with the key, as is asked when a use of it ended, or its time is. */
async function settled(
  waiting: Map<string, Set<() => void>>,
  key: string,
  options: DrainOptions & { isOver: () => boolean },
): Promise<void> {
  const { timeoutMs, clock, signal, isOver } = options;
  const ended = new AbortController();
  const wakers = waiting.get(key) ?? new Set();
  const look = (): void => {
    if (isOver()) ended.abort();
  };
  waiting.set(key, wakers.add(look));
  try {
    await clock.sleep(timeoutMs, signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal]));
  } catch (error) {
    // Our own abort is the good end; the caller's is the caller's to see.
    if (!ended.signal.aborted) throw error;
  } finally {
    wakers.delete(look);
    if (wakers.size === 0) waiting.delete(key);
  }
}
