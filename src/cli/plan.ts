import { type Command, clientOptions } from "./command.ts";
import { connect } from "./connection.ts";
import { previewPath } from "./show.ts";

type Plan = { text: string; steps: unknown[] };

/** `mayfly plan ID`: what the loop would do now, and why. */
export const plan: Command = {
  args: "ID",
  help: "show what Mayfly would do to a preview now, and why",
  options: clientOptions,
  async run(input, terminal) {
    const { text, steps } = await connect(input, terminal).get<Plan>(`${previewPath(input.positionals[0] ?? "")}/plan`);
    terminal.print(input.values["json"] === true ? JSON.stringify(steps, null, 2) : text);
    return 0;
  },
};
