import { excerpt } from "../../config/excerpt.ts";
import { InputError, type Place } from "../../domain/errors.ts";
import type { SourceReader } from "../repository-path.ts";

const mostFiles = 200;
/** A pattern comes from a branch: a folder with more names is not searched. */
const mostNames = 20_000;

/** Whether a path stands for several. */
export function isPattern(path: string): boolean {
  return /[*?]/.test(path);
}

/**
 * The files that a pattern such as `db/seeds/*.sql` means, sorted as `ls` sorts them; `*` and `?` stand for characters
 * of one name. Throws InputError where there are none, or too many.
 */
export function expandPattern(pattern: string, reader: SourceReader, place: Place): string[] {
  const shown = excerpt(pattern);
  if (pattern.includes("**")) {
    const hint = "Name each folder: [ db/a/*.sql, db/b/*.sql ].";
    throw new InputError("invalid-value", `${shown}: ** is not understood in a seed`, { place, hint });
  }
  let found = ["."];
  for (const segment of pattern.split("/").filter((part) => part !== "" && part !== ".")) {
    found = found.flatMap((folder) => matching(folder, segment, reader, place));
  }
  const files = found.filter((path) => reader.kindOf(path) === "file");
  if (files.length === 0) throw new InputError("file-missing", `there is no seed file like ${shown}`, { place });
  if (files.length > mostFiles)
    throw new InputError("invalid-value", `${shown} means ${files.length} files; a seed has at most ${mostFiles}`, {
      place,
    });
  return files;
}

function matching(folder: string, segment: string, reader: SourceReader, place: Place): string[] {
  const join = (name: string) => (folder === "." ? name : `${folder}/${name}`);
  if (!isPattern(segment)) return [join(segment)];
  const names = reader.kindOf(folder) === "directory" ? reader.list(folder) : [];
  if (names.length > mostNames)
    throw new InputError("invalid-value", `${excerpt(folder)} has too many files to be searched for a seed`, { place });
  return names.filter((name) => !name.startsWith(".") && isLike(name, segment)).map(join);
}

/** Without a way to take long: each `*` is tried from its nearest end on only. */
function isLike(name: string, pattern: string): boolean {
  let [at, from, star, mark] = [0, 0, -1, 0];
  while (at < name.length) {
    if (from < pattern.length && (pattern[from] === "?" || (pattern[from] === name[at] && pattern[from] !== "*"))) {
      at += 1;
      from += 1;
    } else if (pattern[from] === "*") {
      star = from;
      mark = at;
      from += 1;
    } else if (star !== -1) {
      mark += 1;
      at = mark;
      from = star + 1;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(from));
}
