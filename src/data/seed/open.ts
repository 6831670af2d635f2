import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join, posix } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { EngineError } from "../../domain/errors.ts";
import type { SourceFiles } from "../../engine/step-host.ts";
import type { SeedFile } from "./tool.ts";

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const pieceBytes = 64 * 1024;

/**
 * Opens a file of a commit, to be read in pieces; what gzip made is unpacked on the way, whatever its name says. Throws
 * EngineError `seed-failed` when it is no regular file.
 */
export async function openSeedFile(source: SourceFiles, path: string): Promise<SeedFile & AsyncDisposable> {
  const handle = await openInside(source, path);
  const plain = handle.createReadStream({ autoClose: false, highWaterMark: pieceBytes });
  const opened = new AsyncDisposableStack();
  opened.use(handle);
  opened.defer(() => void plain.destroy());
  try {
    const packed = await peek(plain);
    if (!(packed.head[0] === 0x1f && packed.head[1] === 0x8b)) {
      return { name: path, ...packed, [Symbol.asyncDispose]: () => opened.disposeAsync() };
    }
    const gunzip = createGunzip({ chunkSize: pieceBytes });
    // How it ended is told to who reads it.
    pipeline(packed.content, gunzip, () => undefined);
    opened.defer(() => void gunzip.destroy());
    const unpacked = await peek(whole(gunzip, path));
    return { name: path, ...unpacked, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function openInside({ root, special }: SourceFiles, path: string) {
  const inside = posix.normalize(path);
  const met = special.find((each) => inside === each.path || inside.startsWith(`${each.path}/`));
  if (met) throw new EngineError("seed-failed", `${path}: ${met.path} is a ${met.kind}, which is not followed`);
  const handle = await open(join(root, inside), flags).catch((error: unknown) => {
    throw new EngineError("seed-failed", `there is no ${path} in the repository`, { cause: error });
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new EngineError("seed-failed", `${path} is no regular file`);
}

async function* whole(unpacked: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  try {
    yield* unpacked;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new EngineError("seed-failed", `${path} is not a whole gzip file: ${said}`, {
      hint: "Write it again with gzip, and compare its size in the repository.",
      cause: error,
    });
  }
}

/** Enough to tell what something is. */
const headBytes = 16;

async function peek(content: AsyncIterable<Buffer>): Promise<{ head: Buffer; content: AsyncIterable<Buffer> }> {
  const rest = content[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < headBytes) {
    const next = await rest.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const all = async function* () {
    yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  };
  return { head, content: all() };
}
