import type { Column, ColumnType } from "../column.ts";

/**
 * What a dump must be made with to go through `maskPostgresDump`. Partitions are dumped as their table, whose rules hold
 * for them. Comments, owners, privileges and publications are left out; so are large objects, which are no columns.
 */
export const pgDumpOptions = [
  "--format=plain",
  "--encoding=UTF8",
  "--load-via-partition-root",
  "--no-comments",
  "--no-owner",
  "--no-privileges",
  "--no-publications",
  "--no-security-labels",
  "--no-subscriptions",
  "--no-tablespaces",
  // --no-large-objects, by the name that every version knows.
  "-B",
];

/**
 * Tells every column that `pg_dump` dumps, as one line of JSON for `readCatalog` (psql --tuples-only --no-align). For
 * Postgres 12 or newer. A partition is its table; of an extension's tables only those it has dumped are told.
 */
export const catalogQuery = `
WITH RECURSIVE plain(oid, base, modifier) AS (
  SELECT oid, oid, -1 FROM pg_catalog.pg_type WHERE typtype <> 'd'
  UNION ALL
  SELECT d.oid, p.base, CASE WHEN d.typtypmod >= 0 THEN d.typtypmod ELSE p.modifier END
  FROM pg_catalog.pg_type d JOIN plain p ON d.typbasetype = p.oid AND d.typtype = 'd'
), uniques AS (
  SELECT i.indrelid, i.indexrelid::regclass::text AS name, k.attnum::int
  FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) AS k(attnum) WHERE i.indisunique
  UNION
  SELECT i.indrelid, i.indexrelid::regclass::text, d.refobjsubid
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjid = i.indrelid
  WHERE i.indisunique
), references_to AS (
  SELECT c.conrelid, f.own::int, n.nspname || '.' || t.relname || '.' || a.attname AS target
  FROM pg_catalog.pg_constraint c
  CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS f(own, other)
  JOIN pg_catalog.pg_class t ON t.oid = c.confrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = f.other
  WHERE c.contype = 'f'
)
SELECT coalesce(json_agg(json_build_object(
  'schema', n.nspname, 'table', t.relname, 'name', a.attname,
  'typeName', format_type(e.base, NULL), 'isArray', w.typcategory = 'A',
  'longest', information_schema._pg_char_max_length(e.base, m.modifier),
  'scale', information_schema._pg_numeric_scale(e.base, m.modifier),
  'nullable', NOT (a.attnotnull OR ty.typnotnull),
  'generated', a.attgenerated <> '',
  'numbered', a.attidentity <> '' OR coalesce(pg_get_expr(ad.adbin, ad.adrelid) LIKE 'nextval(%', false),
  'unique', (SELECT min(u.name) FROM uniques u WHERE u.indrelid = t.oid AND u.attnum = a.attnum),
  'refersTo', (SELECT min(r.target) FROM references_to r WHERE r.conrelid = t.oid AND r.own = a.attnum)
) ORDER BY n.nspname, t.relname, a.attnum), '[]')
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class t ON t.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_type ty ON ty.oid = a.atttypid
JOIN plain p ON p.oid = a.atttypid
JOIN pg_catalog.pg_type w ON w.oid = p.base
JOIN plain e ON e.oid = CASE WHEN w.typcategory = 'A' AND w.typelem <> 0 THEN w.typelem ELSE w.oid END
CROSS JOIN LATERAL (SELECT CASE WHEN a.atttypmod >= 0 THEN a.atttypmod WHEN p.modifier >= 0 THEN p.modifier ELSE e.modifier END) AS m(modifier)
LEFT JOIN pg_catalog.pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND t.relkind IN ('r', 'p') AND NOT t.relispartition
  AND t.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = t.oid AND d.deptype = 'e'
      AND NOT t.oid = ANY (coalesce(x.extconfig, '{}')))
`;

type Row = Omit<Column, "type"> & { longest: number | null; scale: number | null };

/** The columns of what `catalogQuery` answers. */
export function readCatalog(answer: string): Column[] {
  const rows = JSON.parse(answer) as Row[];
  return rows.map(({ longest, scale, ...row }) => ({ ...row, type: typeOf(row.typeName, { longest, scale }) }));
}

function typeOf(name: string, { longest, scale }: { longest: number | null; scale: number | null }): ColumnType {
  switch (name.replaceAll('"', "").replace(/^.*\./, "")) {
    case "text":
    case "character varying":
    case "character":
    case "citext":
      return { kind: "text", longest };
    case "bpchar":
    case "name":
      return { kind: "text", longest: longest ?? 63 };
    case "smallint":
      return { kind: "integer", bits: 16 };
    case "integer":
      return { kind: "integer", bits: 32 };
    case "bigint":
      return { kind: "integer", bits: 64 };
    case "numeric":
    case "real":
    case "double precision":
      return { kind: "decimal", scale };
    case "date":
      return { kind: "date" };
    case "timestamp without time zone":
    case "timestamp with time zone":
      return { kind: "timestamp" };
    case "uuid":
      return { kind: "uuid" };
    case "json":
    case "jsonb":
      return { kind: "json" };
    case "bytea":
      return { kind: "bytes" };
    case "inet":
    case "cidr":
      return { kind: "network" };
    default:
      return { kind: "other" };
  }
}
