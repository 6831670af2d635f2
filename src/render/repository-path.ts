import { excerpt } from "../config/excerpt.ts";
import { posix } from "node:path";
import { InputError, SourceError, type Place } from "../domain/errors.ts";

/** Files of a checkout; paths are relative to the repository's root. A contained-path adapter stands behind it. */
export type SourceReader = {
  /** Null when there is no such regular file. Throws for paths that lead outside. */
  readText(path: string): string | null;
  kindOf(path: string): "file" | "directory" | "none" | "other";
  list(path: string): string[];
  /** Where the symbolic link at a path leads, as it says; null for anything else. */
  linkAt(path: string): string | null;
};

/** PATH_MAX of Linux. */
const longestPath = 4096;
/** More links than this on one way run in circles (Linux follows as many, path_resolution(7)). */
const mostLinks = 40;

/**
 * The path that a path means once every symbolic link on its way is followed; null where one leads out of the
 * repository, or they run in circles. What is not there means itself.
 */
export function followLinks(reader: SourceReader, path: string): string | null {
  if (path.length > longestPath) return null;
  const ahead = path.split("/").toReversed();
  let at = ".";
  let followed = 0;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === "" || part === ".") continue;
    if (part === ".." && at === ".") return null;
    const next = posix.join(at, part);
    const link = part === ".." ? null : reader.linkAt(next);
    if (link === null) {
      at = next;
    } else {
      followed += 1;
      if (followed > mostLinks || link.startsWith("/")) return null;
      ahead.push(...link.split("/").toReversed());
    }
  }
  return at;
}

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
