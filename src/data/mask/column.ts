/** One column of the database that is masked, as its catalog tells it. */
export type Column = {
  /** Empty where a database has no schemas. */
  schema: string;
  table: string;
  name: string;
  type: ColumnType;
  /** As the database says it, such as `character varying`. */
  typeName: string;
  /** Whether it holds an array of that type. */
  isArray: boolean;
  nullable: boolean;
  /** Computed by the database from others; it is not in a dump. */
  generated: boolean;
  /** Numbered by the database itself, which goes on counting. */
  numbered: boolean;
  /** A unique index (or primary key) that it is part of. */
  unique: string | null;
  /** `schema.table.column` that its values have to be in. */
  refersTo: string | null;
};

export type ColumnType =
  | { kind: "text"; longest: number | null }
  | { kind: "integer"; bits: 8 | 16 | 24 | 32 | 64; /** It has no numbers below zero. */ unsigned?: true }
  /** Digits after the point; null: any. */
  | { kind: "decimal"; scale: number | null }
  | { kind: "date" | "timestamp" | "uuid" | "json" | "bytes" | "network" | "other" };

/** As rules and people write it: the schema everybody has is left out. */
export function tableName({ schema, table }: Pick<Column, "schema" | "table">): string {
  return schema === "" || schema === "public" ? table : `${schema}.${table}`;
}

export function columnName(column: Pick<Column, "schema" | "table" | "name">): string {
  return `${tableName(column)}.${column.name}`;
}

/** Of one table in one database, and of no other one with dots in its name. */
export function tableKey({ schema, table }: Pick<Column, "schema" | "table">): string {
  // No name has a zero byte, so that the first dot is the one between the two.
  return `${schema.replaceAll(".", "\0")}.${table}`;
}
