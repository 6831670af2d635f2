import type { Readable } from "node:stream";
import type Docker from "dockerode";

/** Unpacks an archive in a container, running or not; an error of the packing is this call's own. Throws EngineError. */
export async function putArchive(
  container: Docker.Container,
  archive: Readable,
  { path, signal }: { path: string; signal: AbortSignal },
): Promise<void> {
  // The library goes on waiting for an archive that ends with an error.
  const broken = new AbortController();
  archive.on("error", (error) => broken.abort(error));
  const abortSignal = AbortSignal.any([signal, broken.signal]);
  await container.putArchive(archive as NodeJS.ReadableStream, { path, abortSignal }).catch((error: unknown) => {
    throw broken.signal.aborted ? broken.signal.reason : error;
  });
}
