/** What this reads of a JSON schema. */
export type Schema = {
  $ref?: string;
  type?: string | readonly string[];
  oneOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  patternProperties?: Readonly<Record<string, Schema>>;
  items?: Schema;
  definitions?: Readonly<Record<string, Schema>>;
};

/**
 * Every key of the specification in every form, as paths: `services.*.ports[] as number`. A definition counts wherever
 * it is used. `x-` keys are not counted.
 */
export function allForms(root: Schema): Set<string> {
  const found = new Set<string>();
  const walk = (schema: Schema, path: string) => {
    for (const form of formsOf(root, schema, path)) {
      found.add(form.name);
      for (const [key, inner] of childrenOf(form.schema)) walk(inner, join(path, key));
    }
  };
  walk(root, "");
  return found;
}

/** Those of them that a document uses. */
export function formsUsedBy(root: Schema, document: unknown): Set<string> {
  const found = new Set<string>();
  const walk = (schema: Schema, value: unknown, path: string) => {
    for (const form of formsOf(root, schema, path).filter(({ schema: { type } }) => type === typeOf(value, type))) {
      found.add(form.name);
      for (const [key, inner] of childrenOf(form.schema)) {
        for (const each of valuesAt(value, key, form.schema)) walk(inner, each, join(path, key));
      }
    }
  };
  walk(root, document, "");
  return found;
}

/** A schema's alternatives, one type each. */
function formsOf(root: Schema, schema: Schema, path: string): { name: string; schema: Schema }[] {
  const forms = alternatives(root, schema);
  return forms.map((form) => ({ name: forms.length > 1 ? `${path} as ${String(form.type)}` : path, schema: form }));
}

function alternatives(root: Schema, schema: Schema): Schema[] {
  if (schema.$ref !== undefined) {
    const definition = root.definitions?.[schema.$ref.replace("#/definitions/", "")];
    if (!definition) throw new Error(`the schema has no ${schema.$ref}`);
    return alternatives(root, definition);
  }
  if (schema.oneOf) return schema.oneOf.flatMap((each) => alternatives(root, each));
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  return types.map((type) => ({ ...schema, type }));
}

function childrenOf(schema: Schema): [string, Schema][] {
  if (schema.type === "array") return schema.items ? [["[]", schema.items]] : [];
  if (schema.type !== "object") return [];
  const patterns = Object.entries(schema.patternProperties ?? {}).filter(([pattern]) => pattern !== "^x-");
  return [...Object.entries(schema.properties ?? {}), ...patterns.map(([, inner]) => ["*", inner] as [string, Schema])];
}

function valuesAt(value: unknown, key: string, schema: Schema): unknown[] {
  if (Array.isArray(value)) return value;
  const entries = Object.entries(value as object);
  if (key === "*") return entries.filter(([name]) => !schema.properties?.[name]).map(([, each]) => each);
  return entries.filter(([name]) => name === key).map(([, each]) => each);
}

function typeOf(value: unknown, wanted: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return wanted === "integer" && Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function join(path: string, key: string): string {
  if (key === "[]") return `${path}[]`;
  return path === "" ? key : `${path}.${key}`;
}
