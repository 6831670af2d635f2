import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { InputError, SourceError } from "../domain/errors.ts";
import { resolveContained } from "./contained-path.ts";

/** Compose files, manifests, Dockerfiles and seeds are text that people write. */
const maxBytes = 2 ** 20;

/**
 * Text of a regular file inside `root`; null where there is none. Throws SourceError `path-outside` (also for symbolic
 * links, FIFOs and devices), InputError `file-too-large` above 1 MiB and `invalid-value` when it is not UTF-8.
 */
export function readTextInside(root: string, path: string): string | null {
  const found = resolveContained(root, path);
  if (found.kind === "none" || found.kind === "directory") return null;
  if (found.kind === "other")
    throw new SourceError("path-outside", `${path} is no regular file, or lies behind a symbolic link`);
  return decode(readWhole(found.path, path), path);
}

function readWhole(absolute: string, path: string): Buffer {
  // Neither follows a link nor waits for a FIFO, should the path have changed since it was looked at.
  const file = openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = fstatSync(file);
    if (size > maxBytes) throw new InputError("file-too-large", `${path} has ${size} bytes; text is read up to 1 MiB`);
    const content = Buffer.alloc(size);
    return content.subarray(0, readSync(file, content, 0, size, 0));
  } finally {
    closeSync(file);
  }
}

function decode(content: Buffer, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (error) {
    throw new InputError("invalid-value", `${path} is not UTF-8 text`, {
      cause: error,
      hint: "Save the file as UTF-8.",
    });
  }
}
