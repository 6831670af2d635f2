import type { Readable } from "node:stream";
import { EngineError } from "../domain/errors.ts";

/**
 * The JSON objects of a stream that has one a line, as the engine's progress and events do. Ends with the stream. Throws
 * EngineError `engine-unreachable` when the stream breaks off, as when the engine is stopped.
 */
export async function* jsonLines(stream: Readable): AsyncGenerator {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const chunk of untilBroken(stream)) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line);
  }
  if (rest.trim() !== "") yield parseLast(rest);
}

async function* untilBroken(stream: Readable): AsyncGenerator<string> {
  try {
    yield* stream as AsyncIterable<string>;
  } catch (error) {
    if (!(error instanceof Error) || error.name === "AbortError") throw error;
    throw brokenOff(error);
  }
}

/** What ends without a line feed may be half an object. */
function parseLast(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw brokenOff(error);
  }
}

function brokenOff(cause: unknown): EngineError {
  return new EngineError("engine-unreachable", "the engine's answer broke off", { cause, retry: "backoff" });
}
