import { lstatSync, type Stats } from "node:fs";
import { isAbsolute, join, posix } from "node:path";
import { SourceError } from "../domain/errors.ts";

/** What lies at a path inside a folder; `other` is what is neither file nor directory, or reached through such. */
export type Contained = { path: string; kind: "file" | "directory" | "none" | "other" };

/**
 * Resolves a path that somebody else wrote inside `root`, without following any symbolic link on the way.
 * Throws SourceError `path-outside` when it is absolute or leads out.
 */
export function resolveContained(root: string, path: string): Contained {
  const inside = normalizeContained(path);
  const parts = inside === "." ? [] : inside.split("/");
  let at = root;
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    const kind = kindOf(statOf(at));
    if (index === parts.length - 1 || kind === "other" || kind === "none") return { path: at, kind };
    if (kind === "file") return { path: at, kind: "none" };
  }
  return { path: at, kind: "directory" };
}

/** PATH_MAX and NAME_MAX of Linux: what is longer cannot be a file of a commit. */
const longestPath = 4096;
const longestPart = 255;

/** The same path without `.`, `..` and doubled slashes; `.` for the root. Throws SourceError `path-outside`. */
export function normalizeContained(path: string): string {
  if (path.length > longestPath)
    throw new SourceError("path-outside", `a path of ${path.length} characters is too long (${longestPath} at most)`);
  const shown = JSON.stringify(path.slice(0, 120));
  if (path.includes("\0")) throw new SourceError("path-outside", `the path ${shown} holds a NUL character`);
  if (isAbsolute(path)) throw new SourceError("path-outside", `the path ${shown} is absolute`);
  const inside = posix.normalize(path).replace(/\/$/, "");
  if (inside === ".." || inside.startsWith("../"))
    throw new SourceError("path-outside", `the path ${shown} leads outside`);
  if (inside.split("/").some((part) => part.length > longestPart))
    throw new SourceError("path-outside", `the path ${shown} has a name over ${longestPart} characters`);
  return inside === "" ? "." : inside;
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    // A name too long for the file system cannot be there.
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

function kindOf(stat: Stats | null): Contained["kind"] {
  if (stat === null) return "none";
  if (stat.isFile()) return "file";
  return stat.isDirectory() ? "directory" : "other";
}

/** True for a folder itself, too. */
export function isInside(path: string, folder: string): boolean {
  return folder === "." || path === folder || path.startsWith(`${folder}/`);
}
