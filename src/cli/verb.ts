import { cleanText } from "../domain/clean-text.ts";
import { type ChangingVerb, type Verb, verbs } from "../domain/verbs.ts";
import { type Command, clientOptions } from "./command.ts";
import { connect } from "./connection.ts";
import { previewPath } from "./show.ts";

/** The command of a verb that changes a preview; it is done when the wish is written. */
export function verbCommand(verb: ChangingVerb | "allow"): Command {
  return {
    args: `ID ${verbs[verb].args}`.trimEnd(),
    help: verbs[verb].help,
    options: clientOptions,
    async run(input, terminal) {
      const [id = "", argument] = input.positionals;
      const answer = await connect(input, terminal).post<{ accepted: string }>(verbPath(id, verb, argument));
      terminal.print(input.values["json"] === true ? JSON.stringify(answer) : cleanText(answer.accepted));
      return 0;
    },
  };
}

/** The API's path of a verb on a preview, with what was said after it. */
export function verbPath(id: string, verb: Verb, argument: string | undefined): string {
  const query = argument === undefined ? "" : `?argument=${encodeURIComponent(argument)}`;
  return `${previewPath(id)}/${verb}${query}`;
}
