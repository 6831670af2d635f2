import { type Readable, Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import { bytesField } from "./protobuf.ts";

/**
 * Answers `moby.upload.v1.Upload/Pull` with these contents by name, each once: as fast as BuildKit takes it, so that no
 * more of it is in our memory than two chunks, however large it is.
 */
export function uploadsOf(contents: ReadonlyMap<string, Readable>): (call: ServerDuplexStream<Buffer, Buffer>) => void {
  const left = new Map(contents);
  return (call) => {
    call.resume();
    const [url = ""] = call.metadata.get("urlpath").map(String);
    const name = url.slice(url.lastIndexOf("/") + 1);
    const content = left.get(name);
    if (content === undefined) return void call.emit("error", { code: status.NOT_FOUND, details: "not found" });
    left.delete(name);
    const frames = new Transform({
      writableHighWaterMark: chunkBytes,
      readableObjectMode: true,
      readableHighWaterMark: 1,
      transform: (chunk: Buffer, _encoding, done) => done(null, bytesField(1, chunk)),
    });
    call.on("cancelled", () => content.destroy());
    pipeline(content, frames, call as unknown as Writable).catch((error: Error) => {
      // An error of the packing is the build's own end: `runBuild` tells it.
      call.emit("error", { code: status.ABORTED, details: error.message });
    });
  };
}

const chunkBytes = 256 * 1024;
