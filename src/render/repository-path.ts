import { excerpt } from "../config/excerpt.ts";
import { posix } from "node:path";
import { InputError, SourceError, type Place } from "../domain/errors.ts";

/** Files of a checkout; paths are relative to the repository's root. A contained-path adapter stands behind it. */
export type SourceReader = {
  /** Null when there is no such regular file. Throws for paths that lead outside. */
  readText(path: string): string | null;
  kindOf(path: string): "file" | "directory" | "none" | "other";
  list(path: string): string[];
};

/** `path` seen from `directory`, normalized; both from the repository's root, which is `.`. */
export function resolvePath(directory: string, path: string): string {
  return posix.normalize(posix.join(directory, path)).replace(/(.)\/+$/, "$1");
}

/** True for an absolute path, one of a home directory, or one that climbs above the root it is normalized against. */
export function leadsOutside(path: string): boolean {
  const normal = posix.normalize(path);
  return path.startsWith("/") || path.startsWith("~") || normal === ".." || normal.startsWith("../");
}

/** True for what Compose takes for something else than a path: a URL, a git repository, an image, another service. */
export function isRemote(path: string): boolean {
  return /:\/\/|^git@|^github\.com\/|^[\w-]+:/.test(path);
}

/**
 * The text of a file, asked for at a place. Null when there is none. Throws InputError `path-outside` where the path or
 * a symbolic link leads out of the repository.
 */
export function readAt(reader: SourceReader, path: string, place: Place): string | null {
  const outside = (cause?: unknown) =>
    new InputError("path-outside", `${excerpt(path)} leads outside the repository`, { place, cause });
  if (leadsOutside(path)) throw outside();
  try {
    return reader.readText(path);
  } catch (error) {
    if (error instanceof SourceError && error.code === "path-outside") throw outside(error);
    throw error;
  }
}
