import { parseArgs } from "node:util";
import { InputError } from "../domain/errors.ts";
import { nearest } from "../domain/verbs.ts";
import type { Command, ExitCode, Input } from "./command.ts";
import { commands } from "./commands.ts";
import { tell } from "./failure.ts";
import { commandHelp, generalHelp } from "./help.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

/** Runs what the arguments say and answers the exit code; what goes wrong is told on the terminal, never thrown. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await run(args, terminal);
  } catch (error) {
    return tell(error, terminal);
  }
}

async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  // `mayfly --json ls` means the same as `mayfly ls --json`.
  const at = args[0]?.startsWith("-") ? args.findIndex((arg) => Object.hasOwn(commands, arg)) : 0;
  const [name, ...rest] = at > 0 ? [...args.slice(at), ...args.slice(0, at)] : args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return help(rest[0], terminal);
  if (name === "--version" || name === "-v") return say(version(), terminal);
  const command = commandNamed(name);
  if (rest.includes("--help") || rest.includes("-h")) return say(commandHelp(name, command), terminal);
  return command.run(parse(name, command, rest), terminal);
}

function help(name: string | undefined, terminal: Terminal): ExitCode {
  return say(name === undefined ? generalHelp(commands) : commandHelp(name, commandNamed(name)), terminal);
}

function say(text: string, terminal: Terminal): ExitCode {
  terminal.print(text);
  return 0;
}

function commandNamed(name: string): Command {
  const command = commands[name];
  if (Object.hasOwn(commands, name) && command !== undefined) return command;
  const meant = nearest(name, Object.keys(commands));
  throw new InputError(
    "usage",
    `there is no command "${name}"`,
    meant === undefined ? {} : { hint: `Did you mean \`mayfly ${meant}\`?` },
  );
}

function parse(name: string, command: Command, rest: string[]): Input {
  const hint = `Usage: mayfly ${name} ${command.args}`.trimEnd();
  const { positionals, values } = parseOptions(rest, command, hint);
  const words = command.args.split(" ").filter(Boolean);
  const needed = words.filter((word) => !word.startsWith("["));
  const missing = needed[positionals.length];
  if (missing !== undefined) throw new InputError("usage", `${name} needs ${missing}`, { hint });
  if (positionals.length > words.length)
    throw new InputError("usage", `${name} does not know what "${positionals[words.length] ?? ""}" is`, { hint });
  return { positionals, values };
}

function parseOptions(args: string[], { options }: Command, hint: string): Input {
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    return { positionals, values };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const said = /^--([^=]+)/.exec(
      args.find((arg) => /^--[^=]/.test(arg) && !Object.hasOwn(options, arg.slice(2).split("=")[0] ?? "")) ?? "",
    )?.[1];
    const meant = said === undefined ? undefined : nearest(said, Object.keys(options));
    // Node's first sentence is fit for people; what follows explains `--`.
    const [message = "the options were not understood"] = error.message.split(". ");
    throw new InputError("usage", message, {
      cause: error,
      hint: meant === undefined ? hint : `Did you mean --${meant}? ${hint}`,
    });
  }
}
