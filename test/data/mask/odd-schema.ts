/** What a schema may hold that a reader of dumps may stumble over; every row is to come out as it went in. */
export const oddSchema = String.raw`
CREATE EXTENSION hstore;
CREATE EXTENSION postgres_fdw;
CREATE SCHEMA "Odd; names";
CREATE TYPE "Odd; names".mood AS ENUM ('a;b', 'it''s', '\.', 'COPY x FROM stdin;');
CREATE TYPE pair AS (a text, b integer);
CREATE DOMAIN tags AS text[] CHECK (array_length(VALUE, 1) < 5);
CREATE TABLE "Odd; names"."we""ird ""(table)" (
  "select" int PRIMARY KEY, "a,b" text, "c d" "Odd; names".mood, "é" pair, "(x)" tags, r int4range, h hstore, t tsvector, x xml, m money, i interval,
  bits bit varying(9), spot point, big numeric, raw bytea, "NULL" text DEFAULT 'x'';--', EXCLUDE USING gist (r WITH &&)
);
INSERT INTO "Odd; names"."we""ird ""(table)" VALUES
  (1, E'tab\tline\nback\\slash\rreturn\b\f\v', 'a;b', ROW('x,"y', 2), ARRAY['a,b', 'c"d', NULL, ''], '[1,5)', 'a=>"b,c"', 'fat:2 cat:1', '<a>&amp;</a>', 12.5, '1 day', B'101', '(1,2)', 1e100, '\x005c0a09', NULL),
  (2, '\.', '\.', NULL, '{}', 'empty', '', '', NULL, NULL, NULL, NULL, NULL, 'NaN', '', '\N'),
  (3, '', 'COPY x FROM stdin;', NULL, NULL, '[7,9)', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'Infinity', NULL, E'ä€😀');
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE computed (a int GENERATED ALWAYS AS IDENTITY, b int GENERATED ALWAYS AS (7) STORED);
INSERT INTO computed DEFAULT VALUES;
CREATE TABLE parent (a text); CREATE TABLE child (b text) INHERITS (parent);
INSERT INTO parent VALUES ('p'); INSERT INTO child VALUES ('c', 'd');
CREATE UNLOGGED TABLE fleeting (a text); INSERT INTO fleeting VALUES ('f');
CREATE TABLE typed OF pair; INSERT INTO typed VALUES ('t', 1);
CREATE TABLE lists (a text, n int) PARTITION BY LIST (a);
CREATE TABLE lists_a PARTITION OF lists FOR VALUES IN ('a;') PARTITION BY RANGE (n);
CREATE TABLE lists_a_1 PARTITION OF lists_a DEFAULT;
CREATE TABLE lists_other PARTITION OF lists DEFAULT;
INSERT INTO lists VALUES ('a;', 1), ('z', 2);
CREATE VIEW seen AS SELECT a, 'x;''\'::text AS "q;" FROM parent WHERE a <> E'\\''';
CREATE RULE twice AS ON INSERT TO seen DO INSTEAD (INSERT INTO parent VALUES (NEW.a); INSERT INTO fleeting VALUES ('r;'));
CREATE MATERIALIZED VIEW kept AS SELECT count(*) FROM parent;
CREATE FUNCTION atomic(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC
  SELECT CASE WHEN n > 1 THEN CASE WHEN n > 2 THEN 1 ELSE 2 END ELSE 3 END; INSERT INTO parent VALUES ('x;'); SELECT 1; END;
CREATE FUNCTION dollars() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
/*
COPY parent (a) FROM stdin;
\.
*/
-- it's; $x$ here
EXECUTE $x$ SELECT ';' $x$; /* ; ' */ RETURN NEW;
END $f$;
CREATE PROCEDURE step() LANGUAGE plpgsql AS 'BEGIN INSERT INTO parent VALUES (''a\b''); END';
CREATE TRIGGER watched BEFORE INSERT ON parent FOR EACH ROW WHEN (NEW.a = 'never;') EXECUTE FUNCTION dollars();
CREATE AGGREGATE glue (text) (SFUNC = textcat, STYPE = text, INITCOND = ';');
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq);
CREATE CAST (pair AS text) WITH INOUT;
CREATE COLLATION german (provider = icu, locale = 'de');
CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
CREATE STATISTICS together ON a, n FROM lists_a_1;
CREATE UNIQUE INDEX partly ON parent (lower(a)) WHERE a <> ';';
ALTER TABLE parent ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON parent USING (a = current_user OR a = 'x;');
CREATE SEQUENCE lonely START 5; SELECT nextval('lonely');
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER on_ddl ON ddl_command_end EXECUTE FUNCTION on_ddl();
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'db.example.com');
CREATE USER MAPPING FOR postgres SERVER elsewhere OPTIONS (user 'u', password 'hunter2hunter2');
CREATE FOREIGN TABLE far (a text) SERVER elsewhere;
CREATE PUBLICATION told FOR TABLE parent WHERE (a = 'hunter2hunter2');
COMMENT ON TABLE parent IS 'hunter2hunter2';
SELECT lo_from_bytea(0, 'hunter2hunter2');
GRANT SELECT ON parent TO public;
ANALYZE;
`;
