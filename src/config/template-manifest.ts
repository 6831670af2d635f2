import { z } from "zod";
import { InputError } from "../domain/errors.ts";
import { conform, keys } from "./explain.ts";
import { readYaml } from "./yaml-source.ts";

const path = z.string().min(1);
const text = z.union([z.string(), z.number()]).transform(String);
const parameterName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, "must be a parameter's name: lower-case letters, digits and _");

/** What a repository shows: all of these files, and in each of those one of the texts (in capitals or not). */
const sign = { files: z.array(path).optional(), contains: z.record(path, z.array(path).min(1)).optional() };
const Sign = keys(sign);

const Parameter = keys({
  description: z.string(),
  /** What a value must look like (`render/template-parameters.ts`). */
  form: z.enum(["port", "folder", "version", "file", "command"]),
  default: text,
  /** `exposed-port`: the port that the repository's Dockerfile exposes comes before the default. */
  from: z.literal("exposed-port").optional(),
  /** The first whose sign the repository shows comes before the default. */
  guesses: z.array(keys({ ...sign, value: text })).optional(),
});

const TemplateFile = keys({
  description: z.string(),
  /** Of several that fit, the lowest is taken. */
  rank: z.int(),
  /** Another template whose signs, stack and parameters are this one's, too. */
  extends: path.optional(),
  /** The template fits a repository that shows one of these. */
  detect: z.array(Sign).min(1),
  parameters: z.record(parameterName, Parameter).default({}),
  /** Services that are there only where the parameter of their name has a value. */
  optional: z.array(z.string()).default([]),
  /** Service → port, first = main; ports may be parameters: `${port}`. */
  routes: z.record(z.string(), text).default({}),
});

/** What a template says of itself (`templates/NAME/template.yaml`). */
export type TemplateManifest = z.infer<typeof TemplateFile>;
export type TemplateSign = z.infer<typeof Sign>;
export type TemplateParameter = z.infer<typeof Parameter>;

/** Reads a template's `template.yaml`. Throws InputError with its place. */
export function readTemplateManifest(file: string, source: string): TemplateManifest {
  const node = readYaml(file, source);
  if (node === null) throw new InputError("invalid-value", `${file} is empty`, { place: { file, line: 1, column: 1 } });
  return conform(TemplateFile, node);
}
