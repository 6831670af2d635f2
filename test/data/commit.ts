import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { SourceFiles } from "../../src/engine/step-host.ts";

/** A commit with these files, laid out until disposed. */
export function commitOf(files: Readonly<Record<string, string | Buffer>>): SourceFiles {
  const root = mkdtempSync(join(tmpdir(), "mayfly-commit-"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return { root, special: [], [Symbol.asyncDispose]: async () => rmSync(root, { recursive: true }) };
}
