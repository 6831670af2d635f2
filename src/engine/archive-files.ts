import type { Readable } from "node:stream";
import { extract } from "tar-stream";

/** One file of an archive; its content is read before the next one comes. */
export type ArchiveFile = { path: string; content: AsyncIterable<Buffer> };

/** The files of an archive as it comes from the engine, in flat memory; links and folders hold nothing. */
export async function* readArchive(archive: Readable): AsyncGenerator<ArchiveFile> {
  const entries = archive.pipe(extract());
  archive.on("error", (error) => entries.destroy(error));
  for await (const entry of entries) {
    if (entry.header.type === "file" || entry.header.type === "contiguous-file") {
      yield { path: entry.header.name, content: entry as AsyncIterable<Buffer> };
    }
    // What was not read is passed over.
    entry.resume();
  }
}
