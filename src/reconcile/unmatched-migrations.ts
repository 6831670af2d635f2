import { posix } from "node:path";
import type { Finding } from "../domain/errors.ts";
import type { StackSpec } from "../domain/stack.ts";

/** Patterns of migrations that no file of the commit is like: with a misspelled one nothing would ever be noticed. */
export function unmatchedMigrations({ volumes }: Pick<StackSpec, "volumes">): Finding[] {
  return volumes.flatMap(({ rules, migrations }) => {
    if (rules === undefined || migrations === undefined) return [];
    const paths = Object.keys(migrations);
    const unmatched = rules.migrations.filter((pattern) => !paths.some((path) => isLike(path, pattern)));
    return unmatched.map((pattern): Finding => {
      const place = rules.place ?? { file: ".mayfly.yaml", line: 1, column: 1 };
      const message = `data.${rules.service}: no file of this commit is like ${pattern}, which its migrations are said to be`;
      const hint =
        "An edited migration is noticed only where a pattern names it; * stays within a folder, ** does not.";
      return { ...place, action: "note", code: "no-migrations", message, hint };
    });
  });
}

/** As git reads a pattern: what is like a folder means all that is in it. */
function isLike(path: string, pattern: string): boolean {
  const bare = posix.normalize(pattern).replace(/\/+$/, "");
  return posix.matchesGlob(path, bare) || posix.matchesGlob(path, `${bare}/**`);
}
