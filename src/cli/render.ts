import { existsSync } from "node:fs";
import { cleanText } from "../domain/clean-text.ts";
import type { StackSpec } from "../domain/stack.ts";
import { type Finding, formatPlace, InputError } from "../domain/errors.ts";
import { groupFindings } from "../domain/finding-groups.ts";
import type { Command } from "./command.ts";

/** `mayfly render [DIR]`: what a branch's files mean, and what would be rewritten or refused. No server is asked. */
export const render: Command = {
  args: "[DIR]",
  help: "show what Mayfly makes of a directory's Compose files",
  options: { json: { type: "boolean" } },
  async run(input, terminal) {
    // Loaded only here: most commands need nothing of the server.
    const { renderDirectory } = await import("../app.ts");
    const directory = input.positionals[0] ?? ".";
    if (!existsSync(directory)) {
      throw new InputError("file-missing", `there is no directory ${directory}`, {
        hint: "Name the folder of a checkout.",
      });
    }
    const { model, findings, stack, detected } = renderDirectory(directory);
    if (input.values["json"] === true) terminal.print(JSON.stringify({ model, findings, stack, detected }, null, 2));
    else {
      terminal.complain(cleanText(detected));
      for (const line of inReadingOrder(findings).flatMap(findingLines)) terminal.complain(cleanText(line));
      for (const line of stack ? stackLines(stack) : refusedLines(findings)) terminal.print(cleanText(line));
    }
    return findings.some((finding) => finding.action === "refuse") ? 1 : 0;
  },
};

/** Who asks by hand wants the verdict; the whole model, which is long, is in `--json`. */
function stackLines({ services, routes }: StackSpec): string[] {
  const shown = routes.map(
    ({ service, port, path }) => `${service} on ${port}${path === null ? "" : ` under ${path}`}`,
  );
  const run = services.map(({ name, image }) =>
    image.kind === "pull" ? `${name} (${image.reference})` : `${name} (built)`,
  );
  return [`It runs: ${run.join(", ")}.`, `Shown: ${shown.join(", ")}.`];
}

function refusedLines(findings: readonly Finding[]): string[] {
  const count = findings.filter(({ action }) => action === "refuse").length;
  return [
    `It does not run: ${count === 1 ? "one thing is" : `${count} things are`} refused. Nothing starts until that is mended.`,
  ];
}

/** What was only done otherwise, told together; then what has to be read. */
function inReadingOrder(findings: readonly Finding[]): Finding[] {
  const isRefused = ({ action }: Finding) => action === "refuse";
  const told = groupFindings(findings);
  return [...told.filter((finding) => !isRefused(finding)), ...told.filter(isRefused)];
}

/** A rewrite needs nobody to do anything: one line. */
function findingLines(finding: Finding): string[] {
  const place = formatPlace(finding);
  const first = `${place}  ${finding.action}: ${finding.message}`;
  return finding.action === "rewrite" ? [first] : [first, `${" ".repeat(place.length)}  ${finding.hint}`];
}
