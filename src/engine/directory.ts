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
