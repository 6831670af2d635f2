import { posix } from "node:path";
import { parseEnvFile } from "./env-file.ts";
import type { Scope } from "./interpolate.ts";
import { readAt, type SourceReader } from "../repository-path.ts";

const endings = [".example", ".sample", ".template", ".dist"];

/** The file beside one that is not committed which shows what belongs into it, or null: `.env.example` for `.env`. */
export function standInFor(path: string, reader: SourceReader): string | null {
  const general = posix.join(posix.dirname(path), ".env");
  // `.env.local` is shown by `.env.example` where it has no example of its own.
  const shown = posix.basename(path).startsWith(".env.") && general !== path ? [path, general] : [path];
  const candidates = shown.flatMap((file) => endings.map((ending) => `${file}${ending}`));
  return candidates.find((candidate) => reader.kindOf(candidate) === "file") ?? null;
}

/** The values that `.env` files would have that are not committed, from what is shown of them. */
export function standInValues(
  missing: readonly string[],
  reader: SourceReader,
  scope: Scope,
): Map<string, { value: string; file: string; for: string }> {
  const values = new Map<string, { value: string; file: string; for: string }>();
  for (const path of missing) {
    const file = standInFor(path, reader);
    const text = file === null ? null : readAt(reader, file, { file, line: 1, column: 1 });
    if (file === null || text === null) continue;
    const quiet = { ...scope, onUnset: () => null };
    for (const [name, { value }] of parseEnvFile(file, text, quiet))
      if (!values.has(name) && value !== "") values.set(name, { value, file, for: path });
  }
  return values;
}
