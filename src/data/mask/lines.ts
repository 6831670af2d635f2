import { EngineError } from "../../domain/errors.ts";

/** What is held at most of a dump: one line, which is one row. A text cannot be longer than twice this. */
const longestLine = 256 * 1024 * 1024;
const newline = 10;

/** Whole lines of a stream, as many at a time as have come. `line` is the number of the first of them. */
export type Lines = { bytes: Buffer; line: number };

/** Cuts a stream after newlines, wherever its chunks end; what stands after the last newline comes last. Throws EngineError `dump-invalid`. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Lines> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let line = 1;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) {
      const bytes = held.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...held, chunk.subarray(0, end)]);
      yield { bytes, line };
      line += countLines(bytes);
      held = [];
      heldBytes = 0;
    }
    if (end === chunk.length) continue;
    held.push(chunk.subarray(end));
    heldBytes += chunk.length - end;
    if (heldBytes > longestLine)
      throw new EngineError("dump-invalid", `line ${line} of the dump is longer than 256 MiB`);
  }
  if (heldBytes > 0) yield { bytes: Buffer.concat(held), line };
}

export function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count += 1;
  return count;
}
