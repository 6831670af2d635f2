import type { Readable } from "node:stream";

/** The JSON objects of a stream that has one a line, as the engine's progress and events do. Ends with the stream. */
export async function* jsonLines(stream: Readable): AsyncGenerator {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line);
  }
  if (rest.trim() !== "") yield JSON.parse(rest);
}
