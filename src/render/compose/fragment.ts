import { posix } from "node:path";
import { InputError } from "../../domain/errors.ts";
import type { Choice } from "../choice/compose-choice.ts";
import type { SourceReader } from "../repository-path.ts";

/** What Compose files are called, first the ones that others change. */
const composeName = /^(?:docker-)?compose(?:\.[\w-]+)*\.ya?ml$/;
const baseName = /^(?:docker-)?compose\.ya?ml$/;

/**
 * A file that only changes what another one has does not hold together alone: tells which base to name before it, where
 * the repository has one that was not read.
 */
export function explainFragment(error: unknown, { files }: Choice, reader: SourceReader): unknown {
  const [first] = files;
  if (!(error instanceof InputError) || first === undefined || reader.kindOf(first.path) !== "file") return error;
  const folder = posix.dirname(first.path);
  const read = new Set(files.map(({ path }) => path));
  const others = reader
    .list(folder)
    .filter((name) => composeName.test(name) && !read.has(posix.join(folder, name)))
    .toSorted((a, b) => Number(baseName.test(b)) - Number(baseName.test(a)));
  const [other] = others;
  if (other === undefined) return error;
  const named = files.map(({ path }) => path);
  const path = posix.join(folder, other);
  const all = baseName.test(other) ? [path, ...named] : [...named, path];
  const what = baseName.test(other) ? `only changes what ${path} has` : `is completed by ${path}`;
  const { code, message, place, cause } = error;
  const hint = `If ${first.path} ${what}, name both in .mayfly.yaml: \`compose: [${all.join(", ")}]\`.`;
  return new InputError(code, message, { place, hint, cause });
}
