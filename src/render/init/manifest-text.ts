import { stringify } from "yaml";
import { cleanText } from "../../domain/clean-text.ts";
import { type Finding, formatPlace, type Place } from "../../domain/errors.ts";

/** What a first manifest says. */
export type Draft = {
  /** How the stack was found, a sentence. */
  detected: string;
  /** The Compose files, where no template is used. */
  files: readonly string[];
  template: { name: string; parameters: readonly DraftParameter[] } | null;
  /** Variables of the Compose files that must be given, and that nobody gives. */
  required: readonly Variable[];
  unset: readonly Variable[];
  dropped: readonly { service: string; finding: Finding }[];
  routes: readonly { service: string; port: number }[];
  data: readonly {
    service: string;
    volume: string;
    seed: readonly string[];
    /** How the application would fill it itself: offered, since it need not be what is wanted. */
    program: { service: string; command: string } | null;
  }[];
};

export type DraftParameter = { name: string; description: string; value: string; isDefault: boolean };
export type Variable = { name: string; place: Place };

/** Stands for a value that only the author can know. */
export const placeholder = "change-me";

/** A manifest with a comment on each line; `schema` is where editors find its JSON Schema, or null. */
export function manifestText(draft: Draft, schema: string | null = null): string {
  const sections = [
    [
      ...(schema === null ? [] : [`# yaml-language-server: $schema=${oneLine(schema)}`]),
      "# What Mayfly runs for a pull request of this repository. It would do the same without this file, except where it says",
      "# otherwise: change a line, or take it out. `mayfly render` shows what it means, `mayfly up` tries it.",
    ],
    draft.template === null ? composeLines(draft) : templateLines(draft.detected, draft.template),
    routeLines(draft),
    dataLines(draft),
    dropLines(draft),
    variableLines(draft),
    [
      "# Keys and passwords that nobody is to read: the operator sets them, a branch names them.",
      "# secrets: [ STRIPE_KEY ]",
    ],
    [
      "# Ready once the main page answers below 500, within 3m. Another page, or more time:",
      "# ready: { path: /healthz, timeout: 5m }",
    ],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function composeLines({ files }: Draft): string[] {
  const [first = "", ...more] = files.map(scalar);
  const written = more.length === 0 ? first : `[ ${[first, ...more].join(", ")} ]`;
  return [
    "# The stack. Several files, [ compose.yaml, compose.preview.yaml ], are merged in their order.",
    `compose: ${written}`,
  ];
}

function templateLines(detected: string, { name, parameters }: NonNullable<Draft["template"]>): string[] {
  const line = ({ name: key, value, isDefault }: DraftParameter) =>
    `  ${isDefault ? "# " : ""}${key}: ${/^\d{1,5}$/.test(value) ? value : scalar(value)}`;
  const given = parameters.some(({ isDefault }) => !isDefault);
  return [
    `# ${oneLine(detected)}`,
    "# To leave the template, write a compose.yaml and name that here: `compose: compose.yaml`.",
    `template: ${scalar(name)}`,
    "# Its parameters. Behind a # is what they are without a line of their own.",
    `${given ? "" : "# "}with:`,
    ...parameters.flatMap((parameter) => [`  # ${parameter.description}`, line(parameter)]),
  ];
}

function routeLines({ routes, template }: Draft): string[] {
  if (routes.length === 0) return [];
  const lines = ["routes:", ...routes.map(({ service, port }) => `  ${scalar(service)}: ${port}`)];
  return [
    "# What is shown: service → port. The first has the preview's own address, each other one of its own;",
    "# `api: { port: 4000, path: /api }` is under a path of the first as well.",
    // A template's routes follow its parameters.
    ...(template === null ? lines : lines.map((line) => `# ${line}`)),
  ];
}

function dataLines({ data }: Draft): string[] {
  if (data.length === 0) return [];
  return [
    "# Services whose data outlives a push; /reset starts over.",
    "data:",
    ...data.flatMap(({ service, volume, seed, program }) => [
      `  ${scalar(service)}:`,
      `    volume: ${scalar(volume)}`,
      ...(seed.length === 0
        ? []
        : [
            "    # Not without this line: what it starts with, loaded once, in this order.",
            `    seed: [ ${seed.map(scalar).join(", ")} ]`,
          ]),
      ...(program === null
        ? []
        : [
            "    # Filled by the application itself, once for all previews:",
            `    # seed: [ { run: { service: ${scalar(program.service)}, command: ${scalar(program.command)} } } ]`,
          ]),
    ]),
  ];
}

function dropLines({ dropped }: Draft): string[] {
  if (dropped.length === 0) return [];
  return [
    "# Not without these lines: services left out, since a preview refuses what they ask for. In place of `drop`, Compose's",
    "# own keys change a service for the preview alone.",
    "services:",
    ...dropped.map(
      ({ service, finding }) => `  ${scalar(service)}: drop # ${oneLine(`${formatPlace(finding)} ${finding.message}`)}`,
    ),
  ];
}

function variableLines({ required, unset }: Draft): string[] {
  if (required.length + unset.length === 0) return [];
  return [
    "# Values for ${…} in the Compose files, which nobody gives here.",
    ...(required.length === 0 ? [] : ["# Not without these lines: the stack does not start without them."]),
    `${required.length === 0 ? "# " : ""}variables:`,
    ...required.map(({ name, place }) => `  ${name}: ${placeholder} # ${oneLine(formatPlace(place))}`),
    ...unset.map(({ name, place }) => `  # ${name}: an empty text without a value; ${oneLine(formatPlace(place))}`),
  ];
}

function scalar(text: string): string {
  return stringify(text, { lineWidth: 0, defaultStringType: "PLAIN", blockQuote: false }).trimEnd();
}

/** Names and messages come from a branch: nothing of them may end the comment. */
function oneLine(text: string): string {
  return cleanText(text).replaceAll(/[\s\u0085\u2028\u2029]+/g, " ");
}
