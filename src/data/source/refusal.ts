import { EngineError } from "../../domain/errors.ts";

const name = String.raw`"[\w.$-]{1,63}"`;
const thing =
  "(?:relation|table|view|sequence|schema|type|role|extension|language|collation|access method|foreign-data wrapper|server|tablespace|database|operator class)";

/** What Postgres says in words of its own up to where a value may follow; names are such as schemas have, not rows. */
const known = [
  `${thing} ${name} (?:does not exist|already exists|is not available)`,
  `could not open extension control file`,
  String.raw`function [\w.$]+\([\w., \[\]]*\) does not exist`,
  `unrecognized configuration parameter ${name}`,
  `permission denied`,
  String.raw`invalid input syntax for type [a-z0-9_]+(?: [a-z0-9_]+)*`,
  String.raw`invalid input value for enum [\w.$]+`,
  String.raw`value too long for type [a-z_]+(?: [a-z_]+)*\(\d+\)`,
  `numeric field overflow`,
  `date/time field value out of range`,
  `invalid byte sequence for encoding ${name}`,
  `duplicate key value violates unique constraint ${name}`,
  `could not create unique index ${name}`,
  `null value in column ${name} of relation ${name} violates not-null constraint`,
  `new row for relation ${name} violates check constraint ${name}`,
  `insert or update on table ${name} violates foreign key constraint ${name}`,
  `missing data for column ${name}`,
  `extra data after last expected column`,
  `syntax error`,
  `unterminated quoted string`,
  `out of memory`,
  `could not read from input file(?:: end of file)?`,
  String.raw`unsupported version \([\d.]+\) in file header`,
  `did not find magic string in file header`,
].map((words) => new RegExp(`^${words}(?![\\w"])`));

/**
 * What a database said as it refused raw data, as anybody may read it. A message may hold a row's value in quotes, in
 * quotes of its own, or in none where a function of the schema raised it; so only the words that are known to be
 * Postgres's own are told, and the line of the script.
 */
export function tellRefusal(line: string): string {
  const [, script] = /^psql:<stdin>:(\d+): /.exec(line) ?? [];
  const said = line.replace(/^.*?\b(?:ERROR|FATAL):\s*|^pg_restore: error:\s*/, "");
  const where = script === undefined ? "" : `, line ${script} of what it gave`;
  if (said.endsWith("No space left on device")) return `no space left on device${where}`;
  const [code] = /^ERROR \d+ \(\w+\) at line \d+/.exec(line) ?? [];
  if (code !== undefined) return `the database refused it with ${code}`;
  const [words] = known.flatMap((each) => each.exec(said)?.[0].trim() ?? []);
  if (words === undefined) return `the database refused it, in words that may hold a value${where}`;
  return `${words}${where}`;
}

/**
 * Why data as it comes from the operator could not be loaded, as a pull request may be told: a database's own words quote
 * the row that it refuses, and comments may be read by more people than previews.
 */
export function withoutRows(error: EngineError, what: string): EngineError {
  if (error.logTail.length === 0) return error;
  const line = error.logTail.findLast((each) => /\b(ERROR|FATAL|error):|^ERROR \d/.test(each)) ?? "";
  return new EngineError("seed-failed", `${what}: ${tellRefusal(line)}`, {
    ...(error.service !== undefined && { service: error.service }),
    hint: "Rows that are not masked are told to nobody: load the source by hand to see the database's own words.",
  });
}
