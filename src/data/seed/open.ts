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
/** So much may be unpacked of any file; of more, not more than so many times its size, which no data comes near to. */
const modestBytes = 1024 ** 3;
const mostTimes = 200;

/**
 * Opens a file of a commit, to be read in pieces; what gzip made is unpacked on the way, whatever its name says. Throws
 * EngineError `seed-failed` when it is no regular file, and while it is read where it unpacks to a size beyond reason.
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
    const { size } = await handle.stat();
    const unpacked = await peek(bounded(whole(gunzip, path), { path, packedBytes: size }));
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

/** A few kilobytes can be packed to unpack to any size: they would keep everybody waiting until the time of a seed is over. */
async function* bounded(
  unpacked: AsyncIterable<Buffer>,
  { path, packedBytes }: { path: string; packedBytes: number },
): AsyncGenerator<Buffer> {
  const most = Math.max(modestBytes, packedBytes * mostTimes);
  let bytes = 0;
  for await (const chunk of unpacked) {
    bytes += chunk.length;
    if (bytes > most)
      throw new EngineError(
        "seed-failed",
        `${path} unpacks to more than ${mostTimes} times its size, and to over 1 GiB`,
        {
          hint: "No dump does. One that says the same over and over again is shorter as SQL: INSERT … SELECT … FROM generate_series(…).",
        },
      );
    yield chunk;
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
