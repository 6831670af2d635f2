import type { Clock } from "../domain/time.ts";

type UseKind = "request" | "stream" | "websocket";

/** One request, event stream or WebSocket under way. `kind` may change: a request becomes a stream when its answer says so. */
export type Use = { kind: UseKind; readonly cut: () => void };

/** How a drain ended: how many were still under way at the deadline and were ended by us. */
export type Drained = { readonly cut: Readonly<Record<UseKind, number>> };

export type DrainOptions = { readonly timeoutMs: number; readonly clock: Clock; readonly signal?: AbortSignal };

export type Drain = {
  /** Counts a use from this moment; the returned function ends it, once. Call it in the same tick as the lookup of the route. */
  readonly begin: (key: string, use: Use) => () => void;
  readonly count: (key: string) => number;
  /** Resolves when nothing is under way for `key`, at the latest after `timeoutMs`, when the rest is cut. Rejects only when `signal` aborts. */
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
    if (uses?.delete(use) !== true || uses.size > 0) return;
    underWay.delete(key);
    for (const wake of waiting.get(key) ?? []) wake();
  }

  return {
    begin(key, use) {
      const uses = underWay.get(key) ?? new Set();
      underWay.set(key, uses.add(use));
      return () => end(key, use);
    },
    count: (key) => underWay.get(key)?.size ?? 0,
    async drained(key, options) {
      if (!underWay.has(key)) return { cut: { request: 0, stream: 0, websocket: 0 } };
      await settled(waiting, key, options);
      const cut = { request: 0, stream: 0, websocket: 0 };
      for (const use of underWay.get(key) ?? []) {
        cut[use.kind] += 1;
        use.cut();
      }
      return { cut };
    },
    cutLong() {
      for (const uses of underWay.values()) for (const use of uses) if (use.kind !== "request") use.cut();
    },
  };
}

/** Waits until the key's last use ended or its time is over. */
async function settled(waiting: Map<string, Set<() => void>>, key: string, options: DrainOptions): Promise<void> {
  const { timeoutMs, clock, signal } = options;
  const ended = new AbortController();
  const wakers = waiting.get(key) ?? new Set();
  const wake = (): void => ended.abort();
  waiting.set(key, wakers.add(wake));
  try {
    await clock.sleep(timeoutMs, signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal]));
  } catch (error) {
    // Our own abort is the good end; the caller's is the caller's to see.
    if (!ended.signal.aborted) throw error;
  } finally {
    wakers.delete(wake);
    if (wakers.size === 0) waiting.delete(key);
  }
}
