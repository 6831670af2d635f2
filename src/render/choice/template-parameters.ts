import { excerpt } from "../../config/excerpt.ts";
import { unknownKey } from "../../config/explain.ts";
import type { Manifest } from "../../config/manifest.ts";
import type { TemplateManifest, TemplateParameter } from "../../config/template-manifest.ts";
import { keyPlaceOf, placeOf } from "../../config/yaml-node.ts";
import { InputError } from "../../domain/errors.ts";
import { exposedPort } from "../policy/dockerfile.ts";
import { leadsOutside, readAt, type SourceReader } from "../repository-path.ts";
import { shows } from "./template-signs.ts";

type Form = TemplateParameter["form"];

/** What a value may be, and how that is said. */
const forms: Record<Form, { fits(value: string): boolean; must: string }> = {
  port: { fits: (value) => /^\d{1,5}$/.test(value) && Number(value) > 0 && Number(value) < 65_536, must: "a port" },
  folder: { fits: isInside, must: "a folder of the repository, such as public" },
  file: { fits: isInside, must: "a file's name, such as index.html" },
  version: { fits: (value) => /^\d[\w.-]{0,63}$/.test(value), must: "a version, such as 24 or 17.2" },
  command: {
    fits: (value) => value.trim() !== "" && value.length <= 4096 && !/[\n\r]/.test(value),
    must: "a command in one line",
  },
};

/**
 * A template's parameters: what the manifest gives under `with`, else what the repository shows, else the default.
 * Throws InputError `unknown-key` and `invalid-value` at the place under `with`.
 */
export function templateParameters(
  { parameters }: TemplateManifest,
  manifest: Manifest,
  reader: SourceReader,
): Map<string, string> {
  const given = manifest.with ?? {};
  const known = Object.keys(parameters);
  for (const [name, value] of Object.entries(given)) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (!parameter) {
      const place = keyPlaceOf(manifest.node, ["with", name]);
      throw new InputError("unknown-key", `with: ${unknownKey(name, known)}`, {
        place,
        hint: `The template has: ${known.join(", ")}.`,
      });
    }
    refuseMisfit(name, parameter, value, manifest);
  }
  return new Map(
    Object.entries(parameters).map(([name, parameter]) => [
      name,
      Object.hasOwn(given, name) ? (given[name] ?? "") : guess(parameter, reader),
    ]),
  );
}

/** Nothing at all is fine where nothing is the default: a service that is left out. */
function refuseMisfit(name: string, parameter: TemplateParameter, value: string, manifest: Manifest): void {
  const form = forms[parameter.form];
  if (form.fits(value) || (value === "" && parameter.default === "")) return;
  throw new InputError("invalid-value", `with.${name} must be ${form.must}, not ${excerpt(value)}`, {
    place: placeOf(manifest.node, ["with", name]),
    hint: `${parameter.description} The default is ${parameter.default === "" ? "none" : parameter.default}.`,
  });
}

function guess(parameter: TemplateParameter, reader: SourceReader): string {
  const shown = parameter.guesses?.find((sign) => shows(reader, sign));
  if (shown) return shown.value;
  if (parameter.from !== "exposed-port") return parameter.default;
  const dockerfile = "Dockerfile";
  const text = readAt(reader, dockerfile, { file: dockerfile, line: 1, column: 1 });
  return String(exposedPort(text ?? "") ?? parameter.default);
}

function isInside(value: string): boolean {
  return value !== "" && /^[\w@.][\w@./ -]{0,199}$/.test(value) && !leadsOutside(value);
}
