import { createHash } from "node:crypto";
import { bytesField, mapField, numberField, textField } from "./protobuf.ts";

/**
 * The files of an archive at a URL as BuildKit takes a further context: a definition of its low-level language
 * (moby/buildkit, solver/pb/ops.proto) that fetches and unpacks it. The Dockerfile frontend unpacks the main context
 * by itself, and others not.
 */
export function unpackedArchive(url: string): Buffer {
  const source = Buffer.concat([textField(1, url), ...mapField(2, { "http.filename": "context" })]);
  const fetch = bytesField(3, source);
  const copy = Buffer.concat([
    textField(1, "/context"),
    textField(2, "/"),
    numberField(4, -1), // modes as they are
    numberField(7, 1), // unpack
    numberField(11, -1), // times as they are
  ]);
  // From the fetched archive (input 0) onto nothing (-1).
  const action = Buffer.concat([numberField(1, -1), numberField(2, 0), numberField(3, 0), bytesField(4, copy)]);
  const unpack = Buffer.concat([inputOf(fetch), bytesField(4, bytesField(2, action))]);
  const operations = [fetch, unpack, inputOf(unpack)];
  return Buffer.concat([
    ...operations.map((operation) => bytesField(1, operation)),
    // Nothing is said of any of them, and a definition that says nothing at all is refused.
    ...operations.map((operation) =>
      bytesField(2, Buffer.concat([textField(1, digestOf(operation)), bytesField(2, Buffer.alloc(0))])),
    ),
  ]);
}

/** A reference to another operation. */
function inputOf(operation: Buffer): Buffer {
  return bytesField(1, textField(1, digestOf(operation)));
}

function digestOf(operation: Buffer): string {
  return `sha256:${createHash("sha256").update(operation).digest("hex")}`;
}
