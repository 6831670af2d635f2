import { InputError } from "../domain/errors.ts";
import { type Command, textOf } from "./command.ts";
import { readServerConfig } from "./server-config.ts";
import { verbCommand } from "./verb.ts";

const one = verbCommand("destroy");

/** `mayfly destroy ID`, or `--all`: everything of this machine's server, which must not be running. */
export const destroy: Command = {
  ...one,
  args: "[ID]",
  help: `${one.help}; --all for everything, from a stopped server`,
  options: { ...one.options, all: { type: "boolean" }, caches: { type: "boolean" }, config: { type: "string" } },
  async run(input, terminal) {
    const isAll = input.values["all"] === true;
    if (isAll === input.positionals.length > 0) {
      throw new InputError("usage", "destroy needs either ID or --all", {
        hint: "Usage: mayfly destroy ID, or mayfly destroy --all [--caches]",
      });
    }
    if (!isAll) return one.run(input, terminal);
    const { clearHost } = await import("../app.ts");
    const config = readServerConfig(textOf(input, "config"), terminal.environment);
    const cleared = await clearHost(config, { caches: input.values["caches"] === true });
    const counts = Object.entries(cleared).map(([kind, count]) => `${count} ${kind}`);
    terminal.print(input.values["json"] === true ? JSON.stringify(cleared) : `Removed ${counts.join(", ")}.`);
    return 0;
  },
};
