import { formatSpan } from "../domain/time.ts";
import { verbs } from "../domain/verbs.ts";
import { type Command, clientOptions } from "./command.ts";
import { connect } from "./connection.ts";
import { verbPath } from "./verb.ts";

/** `mayfly share ID [7d|off]`: prints the link alone, for a message or another program. */
export const share: Command = {
  args: "ID [7d|off]",
  help: verbs.share.help,
  options: clientOptions,
  async run(input, terminal) {
    const [id = "", argument] = input.positionals;
    const path = verbPath(id, "share", argument);
    const shared = await connect(input, terminal).post<{ link: string | null; until: number | null }>(path);
    if (input.values["json"] === true) terminal.print(JSON.stringify(shared));
    else terminal.print(shared.link ?? "Every link, cookie and key given out so far has ended.");
    if (input.values["json"] !== true && shared.until !== null)
      terminal.complain(`It ends in ${formatSpan(shared.until - terminal.now())}.`);
    return 0;
  },
};
