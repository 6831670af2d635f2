import { expect, test } from "vitest";
import { tellRefusal } from "../../src/data/source/refusal.ts";

const unknown = "the database refused it, in words that may hold a value";

test.each([
  [
    'psql:<stdin>:7: ERROR:  invalid input syntax for type integer: "ada@example.org"',
    "invalid input syntax for type integer, line 7 of what it gave",
  ],
  [
    'psql:<stdin>:7: ERROR:  invalid input syntax for type integer: "ada "the first" lovelace"',
    "invalid input syntax for type integer, line 7 of what it gave",
  ],
  ['ERROR:  invalid input syntax for type integer: "ada does not exist"', "invalid input syntax for type integer"],
  ['ERROR:  invalid input syntax for type double precision: "ada', "invalid input syntax for type double precision"],
  ['ERROR:  invalid input value for enum mood: "ada already exists"', "invalid input value for enum mood"],
  ["ERROR:  customer Ada Lovelace has no address", unknown],
  ["ERROR:  permission denied for Ada Lovelace", "permission denied"],
  ['ERROR:  column "ada@example.org" does not exist', unknown],
  ['ERROR:  relation "ada lovelace" does not exist', unknown],
  ['ERROR:  syntax error at or near "lovelace"', "syntax error"],
  ['ERROR:  value "4929123412341234" is out of range for type integer', unknown],
  [
    'pg_restore: error: COPY failed for table "users": ERROR:  value too long for type character varying(3)',
    "value too long for type character varying(3)",
  ],
  [
    'ERROR:  duplicate key value violates unique constraint "users_pkey"',
    'duplicate key value violates unique constraint "users_pkey"',
  ],
  ['ERROR:  relation "users" already exists', 'relation "users" already exists'],
  ['ERROR:  extension "postgis" is not available', 'extension "postgis" is not available'],
  ['ERROR:  type "public.hstore" does not exist', 'type "public.hstore" does not exist'],
  ['ERROR:  could not extend file "base/5/16384": No space left on device', "no space left on device"],
  ["pg_restore: error: could not read from input file: end of file", "could not read from input file: end of file"],
  [
    "ERROR 1062 (23000) at line 5: Duplicate entry 'ada@example.org' for key 'email'",
    "the database refused it with ERROR 1062 (23000) at line 5",
  ],
  [`ERROR:  invalid input syntax for type ${"a".repeat(3000)}A`, unknown],
  [`ERROR:  value too long for type ${"a ".repeat(1500)}(`, unknown],
  ['ERROR:  invalid input syntax for type double precision: "x"', "invalid input syntax for type double precision"],
  ["Command was: INSERT INTO users VALUES (1, Ada Lovelace)", unknown],
])("what a database says of raw data is told without it: %s", (line, told) => {
  expect(tellRefusal(line)).toBe(told);
});
