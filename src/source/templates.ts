import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readTextInside } from "./text-file.ts";

export type Templates = {
  /** Names, sorted. */
  list(): string[];
  /** Text of a file of a template; null when there is no such template or file. Throws SourceError `path-outside`. */
  readText(name: string, file: string): string | null;
};

/** The stacks we bring for branches without a Compose file: `<folder>/<name>/`. */
export function createTemplates(folder: string): Templates {
  const list = () =>
    existsSync(folder)
      ? readdirSync(folder, { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => entry.name)
          .toSorted()
      : [];

  return {
    list,
    // A manifest names the template: only what is listed is opened.
    readText: (name, file) => (list().includes(name) ? readTextInside(join(folder, name), file) : null),
  };
}
