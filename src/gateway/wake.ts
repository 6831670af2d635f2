import type { IncomingMessage } from "node:http";
import { isDocument } from "./own-pages.ts";
import { type Route, type RouteTable, lookup } from "./route-table.ts";
import { isVisit } from "./visit.ts";

/** What the gateway needs of whoever wakes previews. */
export type WakePort = {
  /** Somebody came to a preview that sleeps; asked once for all who wait at that moment. */
  readonly ask: (preview: string) => void;
  /** Calls back when the preview's routes are others, or (`stuck`) it did not wake; answers how to stop that. */
  readonly watch: (preview: string, listener: (news: "routes" | "stuck") => void) => () => void;
};

export type WakeLimits = {
  /** A browser that is about to show a page waits so long, and then watches one of ours. */
  readonly pageAfterMs: number;
  /** Everybody else waits so long, and is then told to come again. */
  readonly holdMs: number;
  /** So many wait for one preview, and so much is kept of all that wait; who comes then is told at once to come again. */
  readonly heldOfOne: number;
  readonly heldBytes: number;
};

/** Somebody who waits; `ready` is called in the tick in which the route got its upstream. Exactly one of both is called, once. */
export type Waiter = { readonly ready: (route: Route) => void; readonly tooLate: () => void };

export type Waking = {
  /** Whether a request to this route waits for it; who only looks the link up, or watches it, wakes nobody. */
  readonly isDue: (route: Route, req: Pick<IncomingMessage, "headers">) => boolean;
  /** Wakes the preview and holds the request, of which nothing is read meanwhile; answers how to give up. */
  readonly hold: (
    where: { readonly route: Route; readonly path: string },
    req: Pick<IncomingMessage, "method" | "headers" | "rawHeaders">,
    waiter: Waiter,
  ) => () => void;
  /** Previews that somebody waits for. */
  readonly awaited: () => string[];
};

type Held = {
  readonly host: string;
  readonly path: string;
  readonly waiter: Waiter;
  readonly timer: NodeJS.Timeout;
  readonly bytes: number;
};
type Line = { readonly all: Set<Held>; readonly stop: () => void };

/** Holds requests to what sleeps until it is awake: in memory, and for as long as their clients stay. */
export function createWaking(
  table: () => RouteTable,
  { port, limits }: { port: WakePort; limits: WakeLimits },
): Waking {
  const lines = new Map<string, Line>();
  let bytesHeld = 0;

  function lineOf(preview: string): Line {
    const known = lines.get(preview);
    if (known !== undefined) return known;
    const all = new Set<Held>();
    const stop = port.watch(preview, (news) => {
      for (const held of all) {
        const route = lookup(table(), held.host, held.path);
        if (route?.upstream != null) leave(preview, held).waiter.ready(route);
        // Nobody wakes it any more, or the preview is gone.
        else if (news === "stuck" || route?.state !== "asleep") leave(preview, held).waiter.tooLate();
      }
    });
    const line = { all, stop };
    lines.set(preview, line);
    return line;
  }

  function leave(preview: string, held: Held): Held {
    clearTimeout(held.timer);
    const line = lines.get(preview);
    if (line?.all.delete(held) !== true) return held;
    bytesHeld -= held.bytes;
    if (line.all.size === 0) {
      line.stop();
      lines.delete(preview);
    }
    return held;
  }

  return {
    isDue: ({ state, upstream }, { headers }) => upstream === null && state === "asleep" && isVisit(headers),
    hold({ route: { preview, host }, path }, req, waiter) {
      const isFirst = !lines.has(preview);
      if (isFirst) queueMicrotask(() => port.ask(preview));
      const bytes = bytesOf(path, req);
      if ((lines.get(preview)?.all.size ?? 0) >= limits.heldOfOne || bytesHeld + bytes > limits.heldBytes) {
        queueMicrotask(waiter.tooLate);
        return () => undefined;
      }
      const timeoutMs = isDocument(req) ? limits.pageAfterMs : limits.holdMs;
      const timer = setTimeout(() => leave(preview, held).waiter.tooLate(), timeoutMs);
      const held: Held = { host, path, waiter, timer, bytes };
      lineOf(preview).all.add(held);
      bytesHeld += bytes;
      return () => void leave(preview, held);
    },
    awaited: () => [...lines.keys()],
  };
}

/** Of a body, as much as Node reads ahead before it is told to wait: a socket's read and a stream's mark. */
const readAheadBytes = 2 * 64 * 1024;
/** A connection, a request and an answer that is not begun. */
const leastBytes = 8 * 1024;

function bytesOf(path: string, { method, rawHeaders }: Pick<IncomingMessage, "method" | "rawHeaders">): number {
  const head = rawHeaders.reduce((sum, text) => sum + text.length, path.length);
  return leastBytes + head + (method === "GET" || method === "HEAD" ? 0 : readAheadBytes);
}
