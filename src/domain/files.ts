import { posix } from "node:path";
import type { FileSpec } from "./stack.ts";

/** Under this name the files volume holds bound paths of the repository, each where it is in the repository. */
const boundRoot = "repository";
/** Under this name it holds what configs and secrets give, each for itself. */
const givenRoot = "given";
/** Under this name it holds what checks are run with. */
const checksRoot = "checks";

/** Where a path of the repository is in the files volume: one place for all services that bind it, or a part of it. */
export function boundPath(path: string): string {
  return posix.join(boundRoot, path);
}

/** Where a config or secret is in the files volume. */
export function givenPath(name: string): string {
  return posix.join(givenRoot, name);
}

/** Where the files of a check are in the files volume. */
export function checkPath(check: string): string {
  return posix.join(checksRoot, check);
}

/** The path of the repository that a path of the files volume is filled from; null where it is filled otherwise. */
export function sourcePathOf(path: string, files: readonly FileSpec[]): string | null {
  const file = files.find((each) => each.path === path) ?? files.find((each) => path.startsWith(`${each.path}/`));
  if (file?.from.kind !== "repository") return null;
  return posix.join(file.from.path, posix.relative(file.path, path));
}
