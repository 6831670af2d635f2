import { describe, expect, test } from "vitest";
import { createCollector, maskingIn } from "../../../src/data/mask/collect.ts";
import { planMask } from "../../../src/data/mask/plan.ts";
import { maskPostgresDump } from "../../../src/data/mask/postgres/mask-dump.ts";
import { column, pieces, rules, salt, textOf } from "./world.ts";

const end = "\n--\n-- PostgreSQL database dump complete\n--\n\n";
const columns = [column("users.id"), column("users.name"), column("users.note"), column("logs.line")];
const written = rules(["users", "name", { kind: "constant", value: "N" }], ["logs"]);

function masked(dump: string, { size = 1 << 16, cut = end, own = columns, wish = written } = {}) {
  const plan = planMask({
    source: { name: "s", sensitive: false },
    columns: own,
    rules: wish,
    salt,
  });
  const collector = createCollector(maskingIn(plan));
  return textOf(maskPostgresDump(pieces(Buffer.from(dump + cut), size), plan, collector));
}

const dump = String.raw`--
-- PostgreSQL database dump
--

\restrict q8Zf
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

-- Name: f(); Type: FUNCTION
CREATE FUNCTION public.f() RETURNS text
    LANGUAGE plpgsql
    AS $_$
-- here -- is a comment; and a quote '
COPY public.users (id) FROM stdin;
\.
BEGIN; RETURN 'a;''b'; END;
$_$;

CREATE FUNCTION public.g(n integer) RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
 INSERT INTO public.users (id) VALUES (CASE WHEN (n > 1) THEN 'x;'::text ELSE E'\\''y' END);
 DELETE FROM public.users;
END;

CREATE TABLE public.users (
    id text DEFAULT 'a;b'::text, /* so; it /* is */; */
    "na;me" text
);
COMMENT ON TABLE public.users IS 'Ada''s; table';
COPY public.users (id, name, note) FROM stdin;
1	Ada	a\tb\\N\n
2	\N	\N
3		ä€😀
4	\\N	\\.
\.

COPY public.logs (line) FROM stdin;
something
else
\.


CREATE USER MAPPING FOR postgres SERVER other OPTIONS (
    password 'hunter2'
);
SELECT pg_catalog.setval('public.users_id_seq', 4, true);
REFRESH MATERIALIZED VIEW public.totals;
\unrestrict q8Zf
`;

const expected = String.raw`SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE FUNCTION public.f() RETURNS text
    LANGUAGE plpgsql
    AS $_$
-- here -- is a comment; and a quote '
COPY public.users (id) FROM stdin;
\.
BEGIN; RETURN 'a;''b'; END;
$_$;
CREATE FUNCTION public.g(n integer) RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
 INSERT INTO public.users (id) VALUES (CASE WHEN (n > 1) THEN 'x;'::text ELSE E'\\''y' END);
 DELETE FROM public.users;
END;
CREATE TABLE public.users (
    id text DEFAULT 'a;b'::text, 
    "na;me" text
);
COPY public.users (id, name, note) FROM stdin;
1	N	a\tb\\N\n
2	\N	\N
3	N	ä€😀
4	N	\\.
\.
COPY public.logs (line) FROM stdin;
\.
SELECT pg_catalog.setval('public.users_id_seq', 4, true);
REFRESH MATERIALIZED VIEW public.totals;
-- PostgreSQL database dump complete
`;

describe("a dump of Postgres", () => {
  test.each([1, 2, 3, 5, 7, 16, 64, 1000, 100_000])("is masked alike in pieces of %i bytes", async (size) => {
    expect(await masked(dump, { size })).toBe(expected);
  });

  test.each([
    [
      "a row with too few values",
      "COPY public.users (id, name, note) FROM stdin;\n1\t2\t3\n1\t2\n\\.\n",
      "line 3 of the dump, a row of public.users, has 2 values in place of 3",
    ],
    [
      "an empty row",
      "COPY public.users (id, name, note) FROM stdin;\n\n\\.\n",
      "line 2 of the dump, a row of public.users, has 1 values in place of 3",
    ],
    [
      "rows of a table that is not known",
      "SET a = b;\nCOPY public.other (id) FROM stdin;\n1\n\\.\n",
      "line 2 of the dump has rows of public.other.id, which its catalog did not tell",
    ],
    [
      "a column that is not known",
      "COPY public.users (id, new) FROM stdin;\n1\t2\n\\.\n",
      "line 1 of the dump has rows of public.users.new",
    ],
    [
      "rows whose columns it does not tell",
      "COPY public.users  FROM stdin;\n1\tAda\tnote\n\\.\n",
      "line 2 of the dump, a row of public.users, has 3 values in place of 0",
    ],
    ["another's rows", "COPY users FROM '/etc/passwd';\n", "line 1 of the dump has a COPY that is not pg_dump's"],
    [
      "an INSERT",
      "INSERT INTO public.users VALUES (1);\n",
      "line 1 of the dump has INSERT INTO public.users, which may carry data",
    ],
    ["a second statement on the line", "SET a = b; INSERT INTO t VALUES (1);\n", "INSERT INTO t"],
    [
      "an INSERT after a COPY",
      "COPY public.logs (line) FROM stdin; INSERT INTO t VALUES (1);\n",
      "has more than a COPY",
    ],
    ["a large object", "SELECT pg_catalog.lo_create('1');\n", "has SELECT pg_catalog.lo_create"],
    [
      "statistics with values of columns",
      "SELECT * FROM pg_catalog.pg_restore_attribute_stats('most_common_vals', '{ada}');\n",
      "has SELECT, which",
    ],
    ["a table of its own values", "CREATE TABLE t AS VALUES ('ada');\n", "has CREATE TABLE t"],
    ["quotes of old", "SET standard_conforming_strings = off;\n", "has SET standard"],
    ["a DO block", "DO $$ BEGIN INSERT INTO t VALUES (1); END $$;\n", "has DO, which"],
    ["a command of psql", "SET a = b;\n\\! cat /etc/passwd\n", "line 2 of the dump has a command of psql"],
    ["a command of psql in a statement", "SELECT 'a' \\gexec\n", "line 1 of the dump has a command of psql"],
    ["a role with its password", "CREATE ROLE a PASSWORD 'b';\n", "has CREATE ROLE a"],
  ])("with %s is refused", async (_, text, message) => {
    await expect(masked(text)).rejects.toMatchObject({
      code: "dump-invalid",
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ["among rows", "COPY public.logs (line) FROM stdin;\na\n", ""],
    ["in a statement", "CREATE TABLE a (\n", ""],
    ["between statements", "SET a = b;\n", ""],
    ["in quotes, although its last line is there", "CREATE FUNCTION f() AS $$\n", end],
  ])("that is cut off %s is refused", async (_, text, cut) => {
    await expect(masked(text, { cut })).rejects.toMatchObject({
      code: "dump-invalid",
      message: expect.stringContaining("cut off"),
    });
  });

  test("with a value that a masking cannot read is refused without telling the value", async () => {
    const own = [column("users.born", { type: { kind: "date" }, typeName: "date" })];
    const wish = rules(["users", "born", { kind: "shift", days: 3 }]);
    const bad = masked("COPY public.users (born) FROM stdin;\n2001-02-03\nhunter2\n\\.\n", { own, wish });
    await expect(bad).rejects.toMatchObject({
      message: "line 3 of the dump: a value of users.born is not of the form that its masking needs",
    });
  });
});
