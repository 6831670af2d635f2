/**
 * What becomes of a statement that `pg_dump` prints beside the rows. Only what is known to carry no data passes, for
 * a dump by another version may print what this one does not know.
 */
export type Verdict = "pass" | "leave-out" | "refuse";

/** In order; the first that fits counts. Each is compared with the statement's first words in capitals. */
const verdicts: { begins: RegExp; verdict: Verdict }[] = [
  // Connections to elsewhere, with their passwords.
  { begins: /^(CREATE|ALTER) (USER MAPPING|SUBSCRIPTION|PUBLICATION)\b/, verdict: "leave-out" },
  { begins: /^(CREATE|ALTER) (ROLE|USER|GROUP|DATABASE|SYSTEM|TABLESPACE)\b/, verdict: "refuse" },
  // A table that is made of the values in its own statement.
  { begins: /^CREATE (UNLOGGED )?TABLE [^(]* AS\b/, verdict: "refuse" },
  // Quotes would end elsewhere than we read.
  { begins: /^SET STANDARD_CONFORMING_STRINGS (=|TO) '?(OFF|FALSE|0)/, verdict: "refuse" },
  { begins: /^(COMMENT ON|SECURITY LABEL|GRANT|REVOKE|ALTER DEFAULT PRIVILEGES)\b/, verdict: "leave-out" },
  { begins: /^(CREATE|ALTER|SET)\b/, verdict: "pass" },
  { begins: /^REFRESH MATERIALIZED VIEW\b/, verdict: "pass" },
  // What counts on is a number of rows, not somebody's.
  { begins: /^SELECT PG_CATALOG\.(SETVAL|SET_CONFIG) ?\('/, verdict: "pass" },
];

export function verdictOf(statement: string): Verdict {
  const words = statement.slice(0, 300).replaceAll(/\s+/g, " ").toUpperCase();
  return verdicts.find(({ begins }) => begins.test(words))?.verdict ?? "refuse";
}

/** Its first words, for a message: never a value. */
export function nameOf(statement: string): string {
  const [words = "something"] = /^[A-Za-z_.]+( [A-Za-z_.]+){0,2}/.exec(statement.replaceAll(/\s+/g, " ")) ?? [];
  return words.slice(0, 60);
}
