import type { Finding } from "../domain/errors.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { Checkout } from "./ports.ts";

/**
 * Patterns of migrations that no file of the commit is like: with a misspelled one nothing would ever be noticed. git
 * itself is asked, whose patterns they are: a matcher of our own would read them otherwise, and try them on this thread.
 */
export async function unmatchedMigrations(
  { volumes }: Pick<StackSpec, "volumes">,
  checkout: Pick<Checkout, "blobs">,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { rules, migrations } of volumes) {
    if (rules === undefined || migrations === undefined) continue;
    for (const pattern of rules.migrations) {
      const found = rules.migrations.length === 1 ? migrations : await checkout.blobs([pattern]);
      if (Object.keys(found).length > 0) continue;
      const place = rules.place ?? { file: ".mayfly.yaml", line: 1, column: 1 };
      const message = `data.${rules.service}: no file of this commit is like ${pattern}, which its migrations are said to be`;
      const hint =
        "An edited migration is noticed only where a pattern names it; * stays within a folder, ** does not.";
      findings.push({ ...place, action: "note", code: "no-migrations", message, hint });
    }
  }
  return findings;
}
