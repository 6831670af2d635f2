import type { Clock } from "../domain/time.ts";
import { problemOf, tellFailure } from "./problem.ts";
import type { ApiWorld } from "./world.ts";

export type ServerEvent = { event: string; data: unknown };

/** What a stream needs around it; `closing` is aborted when the server stops. */
export type StreamHouse = Pick<ApiWorld, "clock" | "log"> & { closing: AbortSignal };

/** Longer than this in silence, and proxies in between take the stream for dead. */
const beatMs = 15_000;

/**
 * Answers with an event stream (HTML Living Standard, "Server-sent events"). Each event's data is JSON; what is thrown
 * comes as `problem`, and a stream that has told all ends with `end`. The signal given to `produce` is aborted when the
 * client leaves or the server stops.
 */
export function eventStream(
  produce: (signal: AbortSignal) => AsyncIterable<ServerEvent>,
  { clock, log, closing }: StreamHouse,
): Response {
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, closing]);
  const events = produce(signal)[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<ServerEvent>> | null = null;

  const stop = (): void => {
    left.abort();
    events.return?.().catch((error: unknown) => log.debug({ err: error }, "event stream ended badly"));
  };

  const lastFrame = (error?: unknown): string => {
    if (signal.aborted) return "";
    if (error === undefined) return frameOf({ event: "end", data: null });
    log.warn({ err: error }, "event stream failed");
    return frameOf({ event: "problem", data: problemOf(tellFailure(error, "the event stream")) });
  };

  const body = new ReadableStream<string>({
    async pull(controller) {
      next ??= events.next();
      const result = await nextOrBeat(next, clock, signal).catch((error: unknown) => ({ error }));
      if (left.signal.aborted) return;
      if (result === "beat") return controller.enqueue(": still here\n\n");
      next = null;
      if (result !== "stopped" && "value" in result && result.done !== true)
        return controller.enqueue(frameOf(result.value));
      controller.enqueue(lastFrame(result !== "stopped" && "error" in result ? result.error : undefined));
      controller.close();
      stop();
    },
    cancel: stop,
  });
  const headers = { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" };
  return new Response(body.pipeThrough(new TextEncoderStream()), { headers });
}

async function nextOrBeat<T>(next: Promise<T>, clock: Clock, signal: AbortSignal): Promise<T | "beat" | "stopped"> {
  const over = new AbortController();
  const beat = clock.sleep(beatMs, AbortSignal.any([signal, over.signal])).then(
    () => "beat" as const,
    () => "stopped" as const,
  );
  try {
    return await Promise.race([next, beat]);
  } finally {
    over.abort();
  }
}

function frameOf({ event, data }: ServerEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
