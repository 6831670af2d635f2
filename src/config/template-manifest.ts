import { z } from "zod";
import { InputError } from "../domain/errors.ts";
import { conform, keys } from "./explain.ts";
import { readYaml } from "./yaml-source.ts";

const TemplateFile = keys({
  description: z.string(),
  /** The template fits a repository that has all of these files. */
  detect: z.array(z.string().min(1)),
  parameters: z.record(
    z.string().regex(/^[a-z][a-z0-9_]*$/, "must be a parameter's name: lower-case letters, digits and _"),
    keys({
      description: z.string(),
      default: z.union([z.string(), z.number()]).transform(String),
      /** `exposed-port`: the port that the repository's Dockerfile exposes comes before the default. */
      from: z.literal("exposed-port").optional(),
    }),
  ),
  /** Service → port, first = main; ports may be parameters: `${port}`. */
  routes: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)),
});

/** What a template says of itself (`templates/NAME/template.yaml`). */
export type TemplateManifest = z.infer<typeof TemplateFile>;

/** Reads a template's `template.yaml`. Throws InputError with its place. */
export function readTemplateManifest(file: string, text: string): TemplateManifest {
  const node = readYaml(file, text);
  if (node === null) throw new InputError("invalid-value", `${file} is empty`, { place: { file, line: 1, column: 1 } });
  return conform(TemplateFile, node);
}
