import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { extract, pack } from "tar-stream";
import { EngineError } from "../domain/errors.ts";
import { allow } from "./docker.ts";

/** Who owns a directory and what they may do with it. */
export type Ownership = { uid: number; gid: number; mode: number };

/** Reads the owner and mode of a directory inside a container, running or not. Throws EngineError when there is none. */
export async function readOwnership(docker: Docker, container: string, path: string): Promise<Ownership> {
  const archive = (await allow(docker.getContainer(container).getArchive({ path }), 404)) as Readable | null;
  if (archive === null) throw new EngineError("engine-refused", `${container} has no directory ${path}`);
  const entries = extract();
  archive.on("error", (error) => entries.destroy(error));
  archive.pipe(entries);
  try {
    // The directory itself comes first; its content is not read.
    for await (const { header } of entries) {
      const { uid, gid, mode } = header;
      return { uid, gid, mode };
    }
  } finally {
    archive.unpipe(entries);
    archive.destroy();
  }
  throw new EngineError("engine-refused", `${container} says nothing of its directory ${path}`);
}

/** Gives a directory inside a container, running or not, this owner and mode; makes it where it is missing. */
export async function writeOwnership(
  docker: Docker,
  place: { container: string; path: string },
  { uid, gid, mode }: Ownership,
): Promise<void> {
  const cut = place.path.lastIndexOf("/");
  const archive = pack();
  archive.entry({ name: place.path.slice(cut + 1), type: "directory", uid, gid, mode });
  archive.finalize();
  await docker.getContainer(place.container).putArchive(archive as unknown as NodeJS.ReadableStream, {
    path: place.path.slice(0, cut) || "/",
  });
}

/** An archive of nothing. */
export function emptyArchive(): NodeJS.ReadableStream {
  const archive = pack();
  archive.finalize();
  return archive as unknown as NodeJS.ReadableStream;
}

/**
 * Tells one state of a directory inside a container, running or not, from another, by what its archive says of each
 * entry; null where it holds more than `mostBytes`. Throws EngineError.
 */
export async function digestOf(
  docker: Docker,
  { container, path }: { container: string; path: string },
  { mostBytes, signal }: { mostBytes: number; signal: AbortSignal },
): Promise<string | null> {
  const archive = (await docker.getContainer(container).getArchive({ path })) as unknown as Readable;
  const entries = extract();
  const stop = () => archive.destroy(new Error("given up"));
  signal.addEventListener("abort", stop, { once: true });
  archive.on("error", (error) => entries.destroy(error));
  archive.pipe(entries);
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const entry of entries) {
      const { name, type, size, mode, uid, gid, mtime } = entry.header;
      bytes += size ?? 0;
      if (bytes > mostBytes) return null;
      hash.update(JSON.stringify([name, type, size, mode, uid, gid, type === "directory" ? null : mtime?.getTime()]));
      entry.resume();
    }
    return hash.digest("hex").slice(0, 16);
  } finally {
    signal.removeEventListener("abort", stop);
    archive.unpipe(entries);
    archive.destroy();
  }
}
