import { seedPaths } from "../../domain/seed.ts";
import type { StackSpec } from "../../domain/stack.ts";
import { resolvePath, type SourceReader } from "../repository-path.ts";

/** A reader that remembers what was asked of it, also where there was nothing: a file that comes later counts. */
export function rememberReads(reader: SourceReader): { reader: SourceReader; asked: ReadonlySet<string> } {
  const asked = new Set<string>();
  const remember = (path: string) => {
    asked.add(resolvePath(".", path));
    return path;
  };
  return {
    asked,
    reader: {
      readText: (path) => reader.readText(remember(path)),
      kindOf: (path) => reader.kindOf(remember(path)),
      linkAt: (path) => reader.linkAt(remember(path)),
      list: (path) => {
        asked.add(`${resolvePath(".", path)}/`);
        return reader.list(path);
      },
    },
  };
}

/** Of all paths: they are stored with each generation. */
const mostCharacters = 64 * 1024;

/**
 * The paths of the repository that a stack is made of; one that ends in a slash is all that lies in a folder. A push that
 * changes none of them changes nothing of the preview. Null where every push does: it is built from the whole
 * repository, knows its own commit, or is made of more paths than people write.
 */
export function sourcesOf(
  { commit, services, builds, seeds, files, volumes }: Omit<StackSpec, "sources">,
  asked: ReadonlySet<string>,
): string[] | null {
  if (JSON.stringify([services, builds, files]).includes(commit.slice(0, 7))) return null;
  const dockerfiles = builds.flatMap(({ dockerfile }) =>
    dockerfile === null ? [] : [dockerfile, `${dockerfile}.dockerignore`],
  );
  const whole = [
    ...builds.map(({ context }) => context),
    ...builds.flatMap(({ contexts = [] }) => contexts.flatMap((each) => (each.kind === "path" ? [each.path] : []))),
    ...files.flatMap(({ from }) => (from.kind === "repository" ? [from.path] : [])),
    ...seeds.flatMap(seedPaths),
  ].map((path) => resolvePath(".", path));
  const migrations = volumes.flatMap(({ rules }) => (rules?.migrations ?? []).flatMap(placesOf));
  if (migrations.includes("./") || whole.includes(".") || asked.has("./")) return null;
  const single = dockerfiles.map((path) => resolvePath(".", path));
  const all = [...new Set([...asked, ...single, ...migrations, ...whole, ...whole.map((path) => `${path}/`)])];
  return all.join("").length > mostCharacters ? null : all.toSorted();
}

/** Where everything lies that a pattern may name: a path as it is, else the folder before its first wildcard. */
function placesOf(pattern: string): string[] {
  const wild = pattern.search(/[*?[\\]/);
  if (wild === -1) return [resolvePath(".", pattern), `${resolvePath(".", pattern)}/`];
  return [`${resolvePath(".", pattern.slice(0, wild).replace(/[^/]*$/, ""))}/`];
}
