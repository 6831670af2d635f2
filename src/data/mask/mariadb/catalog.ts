import type { Column, ColumnType } from "../column.ts";

/**
 * What a dump must be made with to go through `maskMariadbDump`: one row a line, with its columns by name, and bytes as
 * hexadecimal. Its comments tell that it is whole.
 */
export const mariadbDumpOptions = [
  "--default-character-set=utf8mb4",
  "--skip-extended-insert",
  "--complete-insert",
  "--hex-blob",
  "--single-transaction",
  "--no-tablespaces",
  "--routines",
  "--triggers",
  "--events",
  "--skip-add-locks",
  "--skip-disable-keys",
  "--skip-dump-date",
];

/** Tells every column of the database at hand, a line of JSON each, for `readMariadbCatalog` (mariadb --batch --raw --skip-column-names). */
export const mariadbCatalogQuery = `
SELECT JSON_OBJECT(
  'table', c.TABLE_NAME, 'name', c.COLUMN_NAME, 'typeName', c.DATA_TYPE,
  'unsigned', IF(c.COLUMN_TYPE LIKE '%unsigned%', 1, 0),
  'longest', c.CHARACTER_MAXIMUM_LENGTH, 'scale', c.NUMERIC_SCALE,
  'nullable', IF(c.IS_NULLABLE = 'YES', 1, 0),
  'generated', IF(COALESCE(c.GENERATION_EXPRESSION, '') <> '', 1, 0),
  'numbered', IF(c.EXTRA LIKE '%auto_increment%', 1, 0),
  'unique', (SELECT MIN(s.INDEX_NAME) FROM information_schema.STATISTICS s WHERE s.NON_UNIQUE = 0
    AND s.TABLE_SCHEMA = c.TABLE_SCHEMA AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME),
  'refersTo', (SELECT MIN(CONCAT('.', k.REFERENCED_TABLE_NAME, '.', k.REFERENCED_COLUMN_NAME))
    FROM information_schema.KEY_COLUMN_USAGE k WHERE k.REFERENCED_TABLE_NAME IS NOT NULL
    AND k.TABLE_SCHEMA = c.TABLE_SCHEMA AND k.TABLE_NAME = c.TABLE_NAME AND k.COLUMN_NAME = c.COLUMN_NAME))
FROM information_schema.COLUMNS c JOIN information_schema.TABLES t
  ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE LIKE '%TABLE%' OR c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'SYSTEM VERSIONED'
ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION
`;

type Row = Pick<Column, "table" | "name" | "typeName" | "unique" | "refersTo"> & {
  longest: number | null;
  scale: number | null;
  unsigned: number;
  nullable: number;
  generated: number;
  numbered: number;
};

/** The columns of what `mariadbCatalogQuery` answers. A database has no schemas. */
export function readMariadbCatalog(answer: string): Column[] {
  const rows = answer.split("\n").filter((line) => line !== "");
  return rows.map((line): Column => {
    const { longest, scale, unsigned, nullable, generated, numbered, ...row } = JSON.parse(line) as Row;
    const is = { nullable: nullable === 1, generated: generated === 1, numbered: numbered === 1, isArray: false };
    return { schema: "", ...row, ...is, type: typeOf(row.typeName.toLowerCase(), { longest, scale, unsigned }) };
  });
}

const integers: Partial<Record<string, 8 | 16 | 24 | 32 | 64>> = {
  tinyint: 8,
  smallint: 16,
  mediumint: 24,
  int: 32,
  bigint: 64,
};
/** Bytes of a hash. */
const hashBytes = 32;

function typeOf(name: string, { longest, scale, unsigned }: Pick<Row, "longest" | "scale" | "unsigned">): ColumnType {
  if (/text$|char$/.test(name)) return { kind: "text", longest };
  const bits = integers[name];
  if (bits !== undefined) return { kind: "integer", bits, ...(unsigned === 1 && { unsigned: true }) };
  if (/^(decimal|float|double)$/.test(name)) return { kind: "decimal", scale };
  if (name === "date") return { kind: "date" };
  if (name === "datetime" || name === "timestamp") return { kind: "timestamp" };
  if (name === "uuid") return { kind: "uuid" };
  if (name === "json") return { kind: "json" };
  if (name === "inet6") return { kind: "network" };
  if (/blob$|binary$/.test(name) && name !== "binary" && (longest ?? 0) >= hashBytes) return { kind: "bytes" };
  return { kind: "other" };
}
