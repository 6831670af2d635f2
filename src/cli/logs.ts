import { cleanText } from "../domain/clean-text.ts";
import { InputError } from "../domain/errors.ts";
import { type Command, clientOptions, type Input, textOf } from "./command.ts";
import { connect } from "./connection.ts";
import { previewPath } from "./show.ts";
import type { Terminal } from "./terminal.ts";

type Line = { service: string; line: string };

/** `mayfly logs ID [SERVICE] [-f]`: the newest lines, and with `-f` those that come; `--check NAME`: what a check wrote. */
export const logs: Command = {
  args: "ID [SERVICE]",
  help: "print a preview's log lines; -f follows, --check NAME is a check's",
  options: {
    ...clientOptions,
    follow: { type: "boolean", short: "f" },
    tail: { type: "string" },
    build: { type: "boolean" },
    check: { type: "string" },
  },
  async run(input, terminal) {
    const client = connect(input, terminal);
    const path = pathOf(input);
    const print = printerOf(input, terminal);
    if (input.values["follow"] !== true) {
      const lines = await client.get<Line[]>(path);
      for (const line of lines) print(line);
      if (lines.length === 0) terminal.complain(whyNone(input));
      return 0;
    }
    const signal = terminal.interruption();
    try {
      for await (const line of client.follow<Line>(`${path}&follow=true`, signal)) print(line);
    } catch (error) {
      // Ctrl-C is how following ends.
      if (!signal.aborted) throw error;
    }
    return 0;
  },
};

function pathOf(input: Input): string {
  const [id = "", service = ""] = input.positionals;
  const tail = textOf(input, "tail") ?? "200";
  if (!/^\d{1,5}$/.test(tail)) {
    throw new InputError("usage", `--tail must be a number, not "${tail}"`, { hint: "See `mayfly logs --help`." });
  }
  const check = textOf(input, "check");
  if (check !== undefined) return `${previewPath(id)}/check-logs?check=${encodeURIComponent(check)}`;
  const isBuild = input.values["build"] === true;
  if (isBuild && service !== "") throw new InputError("usage", "--build shows all image builds; leave the service out");
  return `${previewPath(id)}/${isBuild ? "build-logs" : "logs"}?tail=${tail}&service=${encodeURIComponent(service)}`;
}

function whyNone({ values, positionals }: Input): string {
  if (typeof values["check"] === "string") return "The newest attempt has no such check, or it has written nothing.";
  if (values["build"] === true) return "The newest attempt built no image.";
  return positionals.length > 1 ? "There is no such service, or it has written nothing." : "There are no lines.";
}

function printerOf({ values, positionals }: Input, { print }: Terminal): (line: Line) => void {
  if (values["json"] === true) return (line) => print(JSON.stringify(line));
  if (positionals.length > 1) return ({ line }) => print(cleanText(line));
  return ({ service, line }) => print(cleanText(`${service} | ${line}`));
}
