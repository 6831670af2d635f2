import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../domain/time.ts";
import { plainAnswer, sendAnswer } from "./answer.ts";
import { type PageSource, announce, modelFor } from "./page-model.ts";
import { type PageParts, renderParts } from "./page-parts.ts";
import { type Route, type RouteTable, lookup } from "./route-table.ts";

/** The live half of our pages: `/.mayfly/events` on a preview's host. */
export type EventStreams = {
  readonly open: (route: Route, req: IncomingMessage, res: ServerResponse) => void;
  /** Ends every stream; the browsers come back by themselves, to the next process. */
  readonly close: () => void;
};

export type EventStreamsOptions = {
  readonly source: PageSource;
  readonly table: () => RouteTable;
  readonly clock: Clock;
};

const TICK_MS = 1000;
// Shorter than a tick, or one that comes a moment early would wait for the next.
const LOOK_MS = 900;
// A viewer that does not read is not worth more memory than this.
const MAX_UNREAD_BYTES = 1024 * 1024;

/**
 * Builds the event streams. Events: `part` with `{id, html}` for each section of the page that changed, and `serving` once the
 * table, not the store, has an upstream for the host: a page that reloads then meets the site.
 */
export function createEventStreams({ source, table, clock }: EventStreamsOptions): EventStreams {
  /** By how a stream is ended, the preview it is of. */
  const open = new Map<() => void, string>();
  /** The newest look at each preview that is watched: anybody may open a hundred streams, and all of them share it. */
  const looks = new Map<string, { atMs: number; parts: PageParts }>();

  function partsOf(route: Route): PageParts {
    const nowMs = clock.now();
    const known = looks.get(route.preview);
    if (known !== undefined && nowMs - known.atMs < LOOK_MS) return known.parts;
    const model = modelFor(source, lookup(table(), route.host) ?? route);
    const parts = renderParts(model, announce(model), nowMs);
    looks.set(route.preview, { atMs: nowMs, parts });
    return parts;
  }

  function follow(route: Route, res: ServerResponse): void {
    let sent: PageParts = new Map();
    const tell = (): void => {
      const parts = partsOf(route);
      if (parts === sent) return;
      for (const [id, html] of parts) if (sent.get(id) !== html) res.write(event("part", { id, html }));
      sent = parts;
      if (res.writableLength > MAX_UNREAD_BYTES) res.destroy();
    };
    const update = (): void => {
      if (lookup(table(), route.host)?.upstream == null) tell();
      else end(event("serving", {}));
    };
    let soon: NodeJS.Timeout | undefined;
    const unsubscribe = source.subscribe(route.preview, () => {
      // A build log can grow by many lines in one tick; they travel together.
      soon ??= setTimeout(() => {
        soon = undefined;
        update();
      }, 50);
    });
    const timer = setInterval(update, TICK_MS);
    const end = (last?: string): void => {
      open.delete(end);
      if (![...open.values()].includes(route.preview)) looks.delete(route.preview);
      clearInterval(timer);
      clearTimeout(soon);
      unsubscribe();
      res.end(last);
    };
    open.set(end, route.preview);
    res.once("close", () => end());
    // Even if the site is there already, the first `serving` waits for a tick: a page that is shown again cannot reload in a circle.
    tell();
  }

  return {
    open(route, _req, res) {
      if (source.view(route.preview) === null) {
        sendAnswer(res, plainAnswer(404, "This preview is not known."));
        return;
      }
      res.writeHead(200, {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
        "X-Accel-Buffering": "no",
      });
      res.write("retry: 1000\n\n");
      follow(route, res);
    },
    close() {
      for (const end of open.keys()) end();
    },
  };
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
