import type { ParseArgsOptionsConfig } from "node:util";
import type { Terminal } from "./terminal.ts";

/** 0 done, 1 failed, 2 not understood. */
export type ExitCode = 0 | 1 | 2;

export type Command = {
  /** What follows the name in usage lines; words in brackets may be left out. */
  args: string;
  /** One line, in the imperative. */
  help: string;
  options: ParseArgsOptionsConfig;
  /** Throws MayflyError; the caller tells it. */
  run(input: Input, terminal: Terminal): Promise<ExitCode>;
};

export type Input = { positionals: string[]; values: Record<string, unknown> };

/** Options of every command that asks a server. */
export const clientOptions = {
  server: { type: "string" },
  json: { type: "boolean" },
} as const satisfies ParseArgsOptionsConfig;

/** An option's text, or undefined when it was not given. */
export function textOf({ values }: Input, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}
