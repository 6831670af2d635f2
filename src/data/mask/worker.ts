import { Readable } from "node:stream";
import { parentPort, workerData } from "node:worker_threads";
import { EngineError, MayflyError } from "../../domain/errors.ts";
import { readArchive } from "../../engine/archive-files.ts";
import { createCollector, maskingIn, type RawValue } from "./collect.ts";
import { type Leak, searchFiles } from "./leaks.ts";
import { maskMariadbDump } from "./mariadb/mask-dump.ts";
import { searchMariadbDump } from "./mariadb/search-dump.ts";
import { type MaskWish, planMask } from "./plan.ts";
import { maskPostgresDump } from "./postgres/mask-dump.ts";
import { searchPostgresDump } from "./postgres/search-dump.ts";
import { createSearch, type Search } from "./search.ts";

/** What is done with the stream that follows. */
export type MaskTask =
  | { kind: "mask"; wish: MaskWish; database: "postgres" | "mariadb" }
  | { kind: "search"; values: readonly RawValue[]; form: Searched };

/** What is searched: what was masked, or an archive of files. */
export type Searched = "postgres-dump" | "mariadb-dump" | "archive";

/** From the thread: `more` asks for the next piece, `bytes` are made of what came. */
export type MaskAnswer =
  | { kind: "more" }
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "masked"; values: RawValue[] }
  | { kind: "searched"; leaks: Leak[] }
  | { kind: "failed"; code: MayflyError["code"]; message: string; hint: string };

const say = (answer: MaskAnswer) => parentPort?.postMessage(answer);

/** The pieces as they come; null is the end. */
async function* pieces(): AsyncGenerator<Buffer> {
  for (;;) {
    const piece = new Promise<Uint8Array | null>((resolve) => parentPort?.once("message", resolve));
    say({ kind: "more" });
    const bytes = await piece;
    if (bytes === null) return;
    yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

const searchers: Record<Searched, (search: Search) => Promise<Leak[]>> = {
  archive: (search) => searchFiles(search, readArchive(Readable.from(pieces(), { objectMode: false }))),
  "postgres-dump": (search) => searchPostgresDump(search, pieces()),
  "mariadb-dump": (search) => searchMariadbDump(search, pieces()),
};

async function run(task: MaskTask): Promise<MaskAnswer> {
  if (task.kind === "search") {
    const search = createSearch(task.values);
    return { kind: "searched", leaks: await searchers[task.form](search) };
  }
  const plan = planMask(task.wish);
  const collector = createCollector(maskingIn(plan));
  const mask = task.database === "postgres" ? maskPostgresDump : maskMariadbDump;
  for await (const bytes of mask(pieces(), plan, collector)) say({ kind: "bytes", bytes });
  return { kind: "masked", values: collector.values() };
}

try {
  say(await run(workerData as MaskTask));
} catch (error) {
  const told = error instanceof RangeError ? tooLarge(error) : error;
  // Another error ends the thread, which whoever started it is told.
  if (!(told instanceof MayflyError)) throw error;
  say({ kind: "failed", code: told.code, message: told.message, hint: told.hint });
}

/** A text beyond what the engine that runs us can hold, or go through in one go. */
function tooLarge(cause: RangeError): EngineError {
  return new EngineError("dump-invalid", "the dump has a value that is too large to be masked or searched", { cause });
}
