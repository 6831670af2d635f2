import { styleText } from "node:util";
import { cleanText } from "../domain/clean-text.ts";
import { type Command, textOf } from "./command.ts";
import { readServerConfig } from "./server-config.ts";
import type { Terminal } from "./terminal.ts";

type Check = { status: "ok" | "warn" | "fail"; message: string; hint: string | null };

/** `mayfly doctor`: everything that Mayfly stands on, each with what to do about it. */
export const doctor: Command = {
  args: "",
  help: "look at the machine, the engine, the names and GitHub, and say what to do",
  options: {
    json: { type: "boolean" },
    fix: { type: "boolean" },
    adopt: { type: "string" },
    config: { type: "string" },
  },
  async run(input, terminal) {
    const config = readServerConfig(textOf(input, "config"), terminal.environment);
    const { adoptServer, examine } = await import("../app-doctor.ts");
    const old = textOf(input, "adopt");
    if (old !== undefined) {
      const count = await adoptServer(config, old);
      terminal.print(
        `${count} things on the engine are this server's now. Start it: the first resync meets or removes them.`,
      );
      return 0;
    }
    // Installing takes root; everybody else is told how it is typed.
    const fix = input.values["fix"] === true && terminal.isRoot;
    const { checks, firewall } = await examine(config, { fix });
    if (input.values["json"] === true) terminal.print(JSON.stringify({ checks, firewall }, null, 2));
    else {
      for (const line of checks.flatMap((check) => lines(check, terminal))) terminal.print(line);
      if (firewall !== null)
        terminal.print(`\n# The firewall's rules, to be typed as root on this machine:\n${firewall}`);
    }
    return checks.some(({ status }) => status === "fail") ? 1 : 0;
  },
};

const colors = { ok: "green", warn: "yellow", fail: "red" } as const;

function lines({ status, message, hint }: Check, { hasColor }: Terminal): string[] {
  const mark = hasColor ? styleText(colors[status], status, { validateStream: false }) : status;
  return [
    `${mark}${" ".repeat(6 - status.length)}${cleanText(message)}`,
    ...(hint === null ? [] : [`      ${cleanText(hint)}`]),
  ];
}
