import type { Logger } from "pino";
import type { Clock } from "../domain/time.ts";
import { type Channel, messageFor, wants } from "./channels.ts";
import type { Level, Notice } from "./notices.ts";

export type NotifyOptions = {
  channels: readonly Channel[];
  /** Hides secrets in what is told. */
  mask(text: string): string;
  clock: Clock;
  log: Logger;
  fetch?: typeof globalThis.fetch;
};

export type Notify = AsyncDisposable & { tell(notice: Notice | null): void };

/** The same thing is told again after this long. */
const repeatAfterMs = 3_600_000;
const timeoutMs = 10_000;
const tries = 4;

/**
 * Tells the operator's channels, each by the severity it wants. A channel that does not answer is tried four times within
 * seven seconds and never keeps anything else waiting; what is not delivered by then, or before a stop, is only in the log.
 */
export function createNotify({ channels, mask, clock, log, fetch = globalThis.fetch }: NotifyOptions): Notify {
  const told = new Map<string, { at: number; level: Level }>();
  const stopped = new AbortController();
  const underWay = new Set<Promise<void>>();

  const deliver = async (channel: Channel, body: string): Promise<void> => {
    for (let attempt = 1; !stopped.signal.aborted; attempt++) {
      const problem = await post(channel.url, body, { fetch, signal: stopped.signal });
      if (problem === null || stopped.signal.aborted) return;
      if (attempt === tries) return log.warn({ channel: channel.kind, problem }, "a notice was not delivered");
      // Rejects only when we stop, which the loop's condition sees.
      await clock.sleep(1000 * 2 ** (attempt - 1), stopped.signal).catch(() => undefined);
    }
  };

  return {
    tell(notice) {
      if (notice === null) return;
      const now = clock.now();
      for (const [topic, { at }] of told) if (now - at >= repeatAfterMs) told.delete(topic);
      if (told.get(notice.topic)?.level === notice.level) return;
      told.set(notice.topic, { at: now, level: notice.level });
      const safe = { ...notice, title: mask(notice.title), text: mask(notice.text) };
      for (const channel of channels.filter((each) => wants(each, notice))) {
        const delivery = deliver(channel, JSON.stringify(messageFor(channel.kind, safe, now))).finally(() =>
          underWay.delete(delivery),
        );
        underWay.add(delivery);
      }
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await Promise.all(underWay);
    },
  };
}

/** Null when it was taken; else what went wrong, without the URL (it is a secret). */
async function post(
  url: string,
  body: string,
  { fetch, signal }: { fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<string | null> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    return response.ok ? null : `it answered ${response.status}`;
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code;
    return cause ?? (error as Error).name;
  }
}
