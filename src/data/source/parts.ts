import { pipeline, Readable } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import type Docker from "dockerode";
import { extract, pack } from "tar-stream";

/** Where an edition's volume is mounted in the container that it is written and read through, which never runs. */
export const partsPlace = "/mayfly/edition";
const folder = "parts";
/** An archive tells the size of each of its files before its bytes: so much is held in memory. */
const partBytes = 8 * 1024 ** 2;

export type Held = { docker: Docker; container: string; signal: AbortSignal };

/**
 * Writes a stream of unknown length into a volume, packed, in files of a known one: no program of any image runs for
 * it. Answers how many bytes it was unpacked. Throws EngineError, or what the content threw.
 */
export async function writeParts({ docker, container, signal }: Held, content: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  const counted = async function* () {
    for await (const chunk of content) {
      bytes += chunk.length;
      yield chunk;
    }
  };
  const archive = pack();
  const broken = new AbortController();
  const packed = createGzip({ level: 1 });
  pipeline(Readable.from(counted(), { objectMode: false }), packed, () => {
    // Whoever reads what is packed is given the error.
  });
  const filling = fill(archive, packed).catch((error: unknown) => {
    // The library goes on waiting for an archive that ends with an error.
    broken.abort(error);
    archive.destroy();
  });
  const abortSignal = AbortSignal.any([signal, broken.signal]);
  await docker
    .getContainer(container)
    .putArchive(archive as unknown as NodeJS.ReadableStream, { path: partsPlace, abortSignal })
    .catch((error: unknown) => {
      packed.destroy();
      throw broken.signal.aborted ? broken.signal.reason : error;
    });
  await filling;
  if (broken.signal.aborted) throw broken.signal.reason;
  return bytes;
}

/** The stream as it was written. */
export async function* readParts({ docker, container, signal }: Held): AsyncGenerator<Buffer> {
  const archive = (await docker
    .getContainer(container)
    .getArchive({ path: `${partsPlace}/${folder}`, abortSignal: signal })) as Readable;
  const entries = extract();
  pipeline(archive, entries, () => {
    // Whoever reads the entries is given the error.
  });
  const files = async function* () {
    // The engine goes through a folder in the order of names.
    for await (const entry of entries) yield* entry as AsyncIterable<Buffer>;
  };
  const unpacked = createGunzip();
  pipeline(Readable.from(files(), { objectMode: false }), unpacked, () => {
    // As above.
  });
  try {
    yield* unpacked as AsyncIterable<Buffer>;
    signal.throwIfAborted();
  } finally {
    unpacked.destroy();
    archive.destroy();
  }
}

async function fill(archive: ReturnType<typeof pack>, packed: AsyncIterable<Buffer>): Promise<void> {
  archive.entry({ name: folder, type: "directory", mode: 0o700 });
  let index = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const flush = async (): Promise<void> => {
    const part = Buffer.concat(held);
    held = [];
    heldBytes = 0;
    await new Promise<void>((resolve, reject) => {
      const name = `${folder}/${String(index++).padStart(8, "0")}`;
      const entry = archive.entry({ name, size: part.length, mode: 0o600 }, (error) => {
        if (error) reject(error);
        else resolve();
      });
      entry.end(part);
    });
  };
  for await (const chunk of packed) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes >= partBytes) await flush();
  }
  await flush();
  archive.finalize();
}
