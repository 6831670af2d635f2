import { cleanText } from "../domain/clean-text.ts";
import { type ChangingVerb, verbs } from "../domain/verbs.ts";
import { type Command, clientOptions } from "./command.ts";
import { connect } from "./connection.ts";
import { previewPath } from "./show.ts";

/** The command of a verb that changes a preview; it is done when the wish is written. */
export function verbCommand(verb: ChangingVerb): Command {
  return {
    args: `ID ${verbs[verb].args}`.trimEnd(),
    help: verbs[verb].help,
    options: clientOptions,
    async run(input, terminal) {
      const [id = "", argument] = input.positionals;
      const query = argument === undefined ? "" : `?argument=${encodeURIComponent(argument)}`;
      const path = `${previewPath(id)}/${verb}${query}`;
      const answer = await connect(input, terminal).post<{ accepted: string }>(path);
      terminal.print(input.values["json"] === true ? JSON.stringify(answer) : cleanText(answer.accepted));
      return 0;
    },
  };
}
