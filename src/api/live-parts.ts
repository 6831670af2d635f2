import type { Clock } from "../domain/time.ts";
import type { ServerEvent } from "./event-stream.ts";
import type { Html } from "./page-html.ts";

/** A page's sections by the id of their element. */
export type Parts = ReadonlyMap<string, Html>;

export type LiveSource = {
  /** The sections as they are now, or null when there is nothing to show any more. */
  render(): Parts | null | Promise<Parts | null>;
  /** Calls when they may have changed; answers how to stop it. */
  subscribe(listener: () => void): () => void;
  /** How long to wait at most before looking again, since running times grow without anybody saying so. */
  tickMs(): number;
};

/** A burst of changes is one look. */
const burstMs = 200;

/** Tells each section when it differs from what was told before, until the signal is aborted. */
export async function* liveParts(
  source: LiveSource,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): AsyncGenerator<ServerEvent> {
  const told = new Map<string, string>();
  const bell = createBell(clock);
  const unsubscribe = source.subscribe(bell.ring);
  try {
    while (!signal.aborted) {
      const parts = await source.render();
      if (parts === null) return;
      yield* differences(parts, told);
      await bell.heard(source.tickMs(), signal);
      await clock.sleep(burstMs, signal);
    }
  } finally {
    unsubscribe();
  }
}

async function* differences(parts: Parts, told: Map<string, string>): AsyncGenerator<ServerEvent> {
  for (const [id, part] of parts) {
    const html = String(await part);
    if (told.get(id) === html) continue;
    told.set(id, html);
    yield { event: "part", data: { id, html } };
  }
}

/** Remembers one ring, so that none is lost while nobody listens. */
function createBell(clock: Clock) {
  let rung = Promise.withResolvers<void>();
  return {
    ring: (): void => rung.resolve(),
    async heard(atMostMs: number, signal: AbortSignal): Promise<void> {
      const over = new AbortController();
      // Aborted by us or by the client who left: either way the wait is over.
      const tick = clock.sleep(atMostMs, AbortSignal.any([signal, over.signal])).catch(() => undefined);
      await Promise.race([rung.promise, tick]);
      over.abort();
      rung = Promise.withResolvers<void>();
    },
  };
}
