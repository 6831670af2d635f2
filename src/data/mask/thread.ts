import { on } from "node:events";
import { Worker } from "node:worker_threads";
import { EngineError } from "../../domain/errors.ts";
import type { RawValue } from "./collect.ts";
import type { Leak } from "./leaks.ts";
import type { MaskWish } from "./plan.ts";
import type { MaskAnswer, MaskTask, Searched } from "./worker.ts";

/** A masked dump as it is made, and, once it is read to its end, what of the raw values is looked for. */
export type Masked = { content: AsyncIterable<Buffer>; values(): RawValue[] };

/**
 * Masks a dump beside the event loop, which serves previews: of millions of rows each costs some microseconds. As fast
 * as it is read, in flat memory. Throws EngineError `dump-invalid`, and what the dump threw; call `planMask` before, which
 * tells what is wrong with the rules.
 */
export function maskOnThread(
  task: { wish: MaskWish; database: "postgres" | "mariadb" },
  dump: AsyncIterable<Buffer>,
): Masked {
  let values: RawValue[] | null = null;
  async function* content(): AsyncGenerator<Buffer> {
    for await (const answer of converse({ kind: "mask", ...task }, dump)) {
      if (answer.kind === "bytes") yield bufferOf(answer.bytes);
      if (answer.kind === "masked") values = answer.values;
    }
  }
  return {
    content: content(),
    values: () => {
      if (values === null) throw new TypeError("the masked dump was not read to its end");
      return values;
    },
  };
}

/** Searches what was masked, or an archive of files that a database has made of it, beside the event loop. */
export async function searchOnThread(
  task: { values: readonly RawValue[]; form: Searched },
  chunks: AsyncIterable<Buffer>,
): Promise<Leak[]> {
  for await (const answer of converse({ kind: "search", ...task }, chunks)) {
    if (answer.kind === "searched") return answer.leaks;
  }
  throw new TypeError("the search did not answer");
}

/** Feeds a thread piece by piece, each when it asks for it; whoever reads no more ends it. */
async function* converse(task: MaskTask, chunks: AsyncIterable<Buffer>): AsyncGenerator<MaskAnswer> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: task });
  const input = chunks[Symbol.asyncIterator]();
  try {
    for await (const [answer] of on(worker, "message", { close: ["exit"] }) as AsyncIterable<[MaskAnswer]>) {
      if (answer.kind === "failed") throw new EngineError(answer.code, answer.message, { hint: answer.hint });
      if (answer.kind === "more") {
        const { done, value } = await input.next();
        worker.postMessage(done === true ? null : value);
        continue;
      }
      yield answer;
      if (answer.kind === "masked" || answer.kind === "searched") return;
    }
    throw new EngineError("dump-invalid", "the thread that masks has ended");
  } finally {
    await worker.terminate();
    await input.return?.();
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
