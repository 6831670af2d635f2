import type { Readable } from "node:stream";
import type Docker from "dockerode";
import type { Logger } from "pino";
import { labels } from "../domain/labels.ts";
import type { Clock } from "../domain/time.ts";
import { jsonLines } from "./json-lines.ts";

export type WatchOptions = {
  docker: Docker;
  server: string;
  clock: Clock;
  log: Logger;
  /** A container of this preview came or went: look again. */
  onChange(previewKey: string): void;
  /** The stream was cut. */
  onLost(): void;
  /** The stream was cut and is back: anything may have been missed. */
  onGap(): void;
};

type Event = { Actor?: { Attributes?: Record<string, string> } };

/**
 * Follows the engine's events until disposed and reconnects by itself, after 0.25 s growing to 10 s. An event only
 * says "look again"; it tells nothing that is acted on.
 */
export function watch(options: WatchOptions): AsyncDisposable {
  const stopped = new AbortController();
  const running = run(options, stopped.signal);
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await running;
    },
  };
}

async function run(options: WatchOptions, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const events = await openEvents(options, signal);
      if (failures > 0) options.onGap();
      failures = 0;
      await tell(events, options);
    } catch (error) {
      if (signal.aborted) return;
      if (failures === 0) {
        options.log.warn({ err: error }, "engine events are cut off");
        options.onLost();
      }
    }
    // Rejects only when we are disposed, which the loop's condition sees.
    await options.clock.sleep(Math.min(250 * 2 ** failures, 10_000), signal).catch(() => undefined);
  }
}

async function tell(events: Readable, { onChange }: WatchOptions): Promise<void> {
  for await (const event of jsonLines(events)) {
    const key = (event as Event).Actor?.Attributes?.[labels.preview];
    if (key !== undefined) onChange(key);
  }
}

async function openEvents({ docker, server }: WatchOptions, signal: AbortSignal): Promise<Readable> {
  const filters = {
    type: ["container"],
    event: ["start", "die", "oom", "destroy"],
    label: [`${labels.server}=${server}`],
  };
  return (await docker.getEvents({ filters, abortSignal: signal } as Docker.GetEventsOptions)) as Readable;
}
