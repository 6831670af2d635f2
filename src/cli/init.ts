import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanText } from "../domain/clean-text.ts";
import { formatPlace, InputError, PolicyError } from "../domain/errors.ts";
import { type Command, type Input, textOf } from "./command.ts";
import type { Terminal } from "./terminal.ts";

const file = ".mayfly.yaml";

type Proposal = ReturnType<(typeof import("../app.ts"))["proposeManifest"]>;

/** `mayfly init [DIR]`: writes what is detected as a manifest to change, and says what was found. No server is asked. */
export const init: Command = {
  args: "[DIR]",
  help: "write a .mayfly.yaml for a repository, each line explained",
  options: {
    stdout: { type: "boolean" },
    force: { type: "boolean" },
    schema: { type: "string" },
    json: { type: "boolean" },
  },
  async run(input, terminal) {
    const directory = input.positionals[0] ?? ".";
    if (!existsSync(directory)) {
      throw new InputError("file-missing", `there is no directory ${directory}`, {
        hint: "Name the folder of a checkout.",
      });
    }
    const path = join(directory, file);
    const isWritten = input.values["stdout"] !== true;
    if (isWritten && input.values["force"] !== true && existsSync(path)) throw alreadyThere(path);
    // Loaded only here: most commands need nothing of the server.
    const { proposeManifest } = await import("../app.ts");
    const proposal = proposeManifest(directory, textOf(input, "schema") ?? null);
    refuseRefused(proposal);
    if (isWritten) write(path, proposal.text, input.values["force"] === true);
    tell(proposal, { path, isWritten, input, terminal });
    return 0;
  },
};

function alreadyThere(path: string): InputError {
  return new InputError("file-exists", `there is a ${path} already`, {
    hint: "Look at what would be written with --stdout, and write it with --force.",
  });
}

/** What is written runs: a stack that stays refused is for its author to mend first. */
function refuseRefused({ output: { findings, stack } }: Proposal): void {
  if (stack !== null) return;
  throw new PolicyError(findings.filter(({ action }) => action === "refuse"));
}

function write(path: string, text: string, isForced: boolean): void {
  try {
    writeFileSync(path, text, { flag: isForced ? "w" : "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw alreadyThere(path);
    throw error;
  }
}

type Telling = { path: string; isWritten: boolean; input: Input; terminal: Terminal };

function tell(proposal: Proposal, { path, isWritten, input, terminal }: Telling): void {
  const { text, draft, output } = proposal;
  if (input.values["json"] === true) {
    terminal.print(JSON.stringify({ path, written: isWritten, text, ...draft, findings: output.findings }, null, 2));
    return;
  }
  // What was asked for goes to where it can be redirected from, what is said about it beside it.
  const say = isWritten ? terminal.print : terminal.complain;
  if (!isWritten) terminal.print(cleanText(text.trimEnd()));
  if (isWritten) say(`${path} is written. What was found:`);
  say("");
  // Nothing is cut: what was found is what is to be read.
  for (const [label = "", text = ""] of foundRows(proposal)) say(cleanText(`  ${label.padEnd(14)}  ${text}`));
  say("");
  for (const line of todo(proposal)) say(line);
  const where = input.positionals[0] === undefined ? "" : ` ${input.positionals[0]}`;
  say(
    isWritten
      ? `Read it, then: \`mayfly render${where}\` shows what it means, \`mayfly up${where}\` runs it. Commit it to keep it.`
      : "Without --stdout it is written.",
  );
}

function foundRows({ draft, output: { findings } }: Proposal): string[][] {
  const [main, ...others] = draft.routes.map(({ service, port }) => `${service} on ${port}`);
  const told = findings.filter(({ code }) => code !== "variable-unset" && code !== "template").length;
  return [
    ["stack", draft.template === null ? draft.files.join(" with ") : `the template ${draft.template.name}`],
    ["shown", [main ?? "", ...others].join(", ")],
    ...draft.data.map(({ service, volume, seed }) => [
      "kept data",
      `${service}: volume ${volume}${seed.length === 0 ? "" : `, starts with ${seed.join(", ")}`}`,
    ]),
    ...draft.dropped.map(({ service, finding }) => ["left out", `${service} (${formatPlace(finding)})`]),
    ...draft.required.map(({ name, place }) => ["to give", `${name} (${formatPlace(place)})`]),
    ...draft.unset.map(({ name, place }) => ["empty", `${name} (${formatPlace(place)})`]),
    ...(told === 0 ? [] : [["done otherwise", `${told} ${told === 1 ? "thing" : "things"}, which render tells`]]),
  ];
}

function todo({ draft }: Proposal): string[] {
  return draft.required.length === 0
    ? []
    : [`Give ${draft.required.map(({ name }) => cleanText(name)).join(", ")} a value under variables first.`];
}
