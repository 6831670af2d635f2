import { posix } from "node:path";
import { excerpt } from "../../config/excerpt.ts";
import type { Finding, Place } from "../../domain/errors.ts";
import type { LeftPart } from "../../domain/git-parts.ts";
import { isLocalKey } from "../../domain/local.ts";
import { seedPaths } from "../../domain/seed.ts";
import type { StackSpec } from "../../domain/stack.ts";
import { note } from "../findings.ts";
import type { PreviewFacts } from "../preview-facts.ts";
import type { SourceReader } from "../repository-path.ts";

/** What is to be told of, and where it was looked for. */
export type LeftParts = {
  left: readonly LeftPart[];
  /** Null where it is refused: then anything may matter. */
  stack: Pick<StackSpec, "builds" | "files" | "seeds"> | null;
  /** Every path that the Compose file made us look at. */
  asked: ReadonlySet<string>;
  reader: SourceReader;
  preview: Pick<PreviewFacts, "trust" | "key">;
};

/** More of them say nothing new. */
const most = 20;

/**
 * Tells of submodules and Git LFS files that were not fetched, where a build, a mount or a seed meets them: there they
 * are empty folders, and pointers in place of content.
 */
export function noteLeftParts({ left, stack, asked, reader, preview }: LeftParts): Finding[] {
  const used = stack === null ? ["."] : usedPaths(stack);
  const met = left.filter(
    ({ path }) =>
      used.some((each) => each === "." || isWithin(path, each)) || [...asked].some((each) => isWithin(each, path)),
  );
  const files = met.filter(({ kind }) => kind === "lfs").map(({ path }) => path);
  const submodules = met.filter((part) => part.kind === "submodule").slice(0, most);
  return [
    ...submodules.map((part) => noteSubmodule(part, reader, preview)),
    ...(files.length > 0 ? [noteFiles(files, reader, preview)] : []),
  ];
}

function usedPaths({ builds, files, seeds }: NonNullable<LeftParts["stack"]>): string[] {
  return [
    ...builds.map(({ context }) => context),
    ...builds.flatMap(({ contexts = [] }) => contexts.flatMap((each) => (each.kind === "path" ? [each.path] : []))),
    ...files.flatMap(({ from }) => (from.kind === "repository" ? [from.path] : [])),
    ...seeds.flatMap(seedPaths),
  ].map((path) => posix.normalize(path).replace(/(.)\/+$/, "$1"));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

type Submodule = Extract<LeftPart, { kind: "submodule" }>;

function noteSubmodule({ path, repository }: Submodule, reader: SourceReader, preview: LeftParts["preview"]): Finding {
  const which = repository === null ? "" : ` (${excerpt(repository, 100)})`;
  const message = `${shown(path)}${which} is a submodule, and an empty folder in the preview`;
  const ask =
    repository === null
      ? "Its URL names no repository beside this one: commit the files themselves (git subtree), or take them from an image."
      : `Commit the files themselves, or let the operator name it: \`git: { submodules: [${excerpt(repository, 100)}] }\` in server.yaml (docs/git.md).`;
  return note(placeOfModule(path, reader), "submodule-empty", message, whyNever(preview) ?? ask);
}

function noteFiles(paths: readonly string[], reader: SourceReader, preview: LeftParts["preview"]): Finding {
  const [first = "", ...others] = paths;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  const message = `${shown(first)}${more}: kept by Git LFS, and small text files (pointers) in the preview`;
  const ask =
    "Keep what a preview needs in git itself, or let the operator fetch them: `git: { lfs: true }` in server.yaml (docs/git.md).";
  return note(placeOfPattern(first, reader), "lfs-pointer", message, whyNever(preview) ?? ask);
}

/** A path on one line. */
function shown(path: string): string {
  return excerpt(path.replaceAll(/\s+/g, " "), 100);
}

/** Who gets neither, whatever the operator says. */
function whyNever({ trust, key }: LeftParts["preview"]): string | null {
  if (isLocalKey(key)) return "`mayfly up` sends neither; a pull request's preview can have them (docs/git.md).";
  return trust === "fork" ? "A fork's preview never has them: push the branch to the repository itself." : null;
}

/** The line of the nearest `.gitmodules` that says its path. */
function placeOfModule(path: string, reader: SourceReader): Place {
  return (
    findLine(
      path,
      reader,
      ".gitmodules",
      (line, inside) => /^\s*path\s*=\s*(.*?)\/?\s*$/.exec(line)?.[1] === inside,
    ) ?? {
      file: ".gitmodules",
      line: 1,
      column: 1,
    }
  );
}

/** The first line of the nearest `.gitattributes` that gives files to Git LFS. */
function placeOfPattern(path: string, reader: SourceReader): Place {
  const place = findLine(path, reader, ".gitattributes", (line) => line.includes("filter=lfs"));
  return place ?? { file: path, line: 1, column: 1 };
}

/** Looks for a line in the files of that name beside a path and above it. */
function findLine(
  path: string,
  reader: SourceReader,
  name: string,
  isIt: (line: string, inside: string) => boolean,
): Place | null {
  let folder = path;
  do {
    folder = posix.dirname(folder);
    const file = posix.join(folder, name);
    const text = reader.kindOf(file) === "file" ? reader.readText(file) : null;
    const index = (text ?? "").split("\n").findIndex((line) => isIt(line, posix.relative(folder, path)));
    if (index !== -1) return { file, line: index + 1, column: 1 };
  } while (folder !== ".");
  return null;
}
