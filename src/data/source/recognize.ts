import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { sourceFailed, tooLarge } from "./read-source.ts";
import { wholeDump } from "./whole-dump.ts";

/** A dump as it is loaded: SQL text, or pg_dump's own format. */
export type DumpForm = "sql" | "dump";

export type Dump = { form: DumpForm; content: AsyncIterable<Buffer> };

/** The first bytes of what is no dump that we read, and what to do about it. */
const others: readonly [name: string, signature: string, hint: string][] = [
  ["a tar archive (pg_dump --format=tar)", "ustar", "dump with --format=custom"],
  ["compressed by bzip2", "BZh", "end the command in | bzip2 -d"],
  ["compressed by xz", "\xfd7zXZ", "end the command in | xz -d"],
  ["a zip archive", "PK\x03\x04", "end the command in | funzip"],
];

const headBytes = 512;

/**
 * Says what a stream is by what is in it, and unpacks gzip and zstd; `mostBytes` is the most that may come out. Throws
 * EngineError `source-failed` for a form that we do not read, by its name; reading it, for one that is cut off.
 */
export async function recognize(name: string, stream: AsyncIterable<Buffer>, mostBytes: number): Promise<Dump> {
  const { head, whole } = await peek(stream);
  const unpack = head[0] === 0x1f && head[1] === 0x8b ? createGunzip() : isZstd(head) ? createZstdDecompress() : null;
  if (unpack !== null) {
    // Its error is the unpacker's, which whoever reads it is given.
    pipeline(Readable.from(whole, { objectMode: false }), unpack, () => undefined);
    return recognize(name, atMost(name, named(name, unpack), mostBytes), mostBytes);
  }
  const text = head.toString("latin1");
  const other = others.find(([, signature]) => text.startsWith(signature) || text.slice(257, 262) === signature);
  if (other !== undefined) throw sourceFailed(name, `it is ${other[0]}: ${other[2]}`);
  if (text.startsWith("PGDMP")) return { form: "dump", content: whole };
  return { form: "sql", content: wholeDump(name, head, whole) };
}

function isZstd(head: Buffer): boolean {
  return head.readUInt32LE(0) === 0xfd2fb528;
}

async function* named(name: string, unpacked: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* unpacked;
  } catch (error) {
    if (error instanceof Error && "code" in error && /^(Z_|ZSTD_)/.test(String(error.code)))
      throw sourceFailed(name, `it cannot be unpacked: ${error.message}`);
    throw error;
  }
}

async function* atMost(name: string, content: AsyncIterable<Buffer>, mostBytes: number): AsyncGenerator<Buffer> {
  let left = mostBytes;
  for await (const chunk of content) {
    left -= chunk.length;
    if (left < 0) throw tooLarge(name);
    yield chunk;
  }
}

/** The beginning, and all of it from the beginning. */
async function peek(stream: AsyncIterable<Buffer>): Promise<{ head: Buffer; whole: AsyncIterable<Buffer> }> {
  const chunks = stream[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let isDone = false;
  while (head.length < headBytes && !isDone) {
    const { done = false, value } = await chunks.next();
    isDone = done;
    if (value !== undefined) head = Buffer.concat([head, value as Buffer]);
  }
  const whole = async function* (): AsyncGenerator<Buffer> {
    try {
      yield head;
      for (;;) {
        const { done, value } = await chunks.next();
        if (done) return;
        yield value;
      }
    } finally {
      await chunks.return?.();
    }
  };
  const padded = head.length < headBytes ? Buffer.concat([head, Buffer.alloc(headBytes - head.length)]) : head;
  return { head: padded, whole: whole() };
}
