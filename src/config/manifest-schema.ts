import { z } from "zod";
import { planned } from "./explain.ts";
import { ManifestFile } from "./manifest.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

const options = { target: "draft-7", io: "input", unrepresentable: "any" } as const;

/**
 * `.mayfly.yaml` for editors, as JSON Schema (draft 7, which they all read): every key that is honored, in each of its
 * forms. What is only planned is no key of it.
 */
export function manifestSchema(): JsonSchema {
  const schema = z.toJSONSchema(ManifestFile, {
    ...options,
    override({ zodSchema, jsonSchema }) {
      addShortForm(jsonSchema);
      if (zodSchema instanceof z.ZodObject) leaveOutPlanned(zodSchema, jsonSchema);
    },
  });
  const { $schema, ...rest } = schema;
  const title = "Mayfly's manifest (.mayfly.yaml)";
  return { ...($schema && { $schema }), title, description: "What Mayfly runs for a pull request.", ...rest };
}

/** A schema that turns a short form into the long one says the short one as `short`. */
function addShortForm(json: JsonSchema): void {
  const { short, description, ...long } = json;
  if (!(short instanceof z.ZodType)) return;
  for (const key of Object.keys(json)) delete json[key];
  const { $schema: _, ...form } = z.toJSONSchema(short, options);
  Object.assign(json, { ...(description !== undefined && { description }), anyOf: [form, long] });
}

function leaveOutPlanned(object: z.ZodObject, { properties = {} }: JsonSchema): void {
  for (const [key, schema] of Object.entries(object.shape)) if (schema === planned) delete properties[key];
}
